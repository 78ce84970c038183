/**
 * Every text of the console, in one place: another language is another object of this shape. What varies is a function, so that
 * each language puts its words in its own order.
 */
import { english } from './english.ts';

export type Words = typeof english;

export const words: Words = english;
