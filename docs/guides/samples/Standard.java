// WEBHOOK_SECRET=whsec_… PORT=3000 java Standard.java     (Java 17 or newer)
import com.sun.net.httpserver.Headers;
import com.sun.net.httpserver.HttpServer;
import java.io.ByteArrayOutputStream;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.MessageDigest;
import java.security.Signature;
import java.security.spec.X509EncodedKeySpec;
import java.util.Base64;
import java.util.HexFormat;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

public class Standard {
  // Two secrets, separated by a blank, while one is being replaced. whsec_… is shared (v1), whpk_… a public key (v1a).
  static final String[] SECRETS = System.getenv("WEBHOOK_SECRET").split(" ");
  static final long TOLERANCE_SECONDS = 300;
  static final byte[] ED25519_PREFIX = HexFormat.of().parseHex("302a300506032b6570032100");

  static boolean isGenuine(byte[] body, Headers headers) throws GeneralSecurityException {
    String id = headers.getFirst("webhook-id");
    String timestamp = headers.getFirst("webhook-timestamp");
    String signatures = headers.getFirst("webhook-signature");
    if (id == null || signatures == null || timestamp == null || !timestamp.matches("[0-9]{1,12}")) return false;
    long ageSeconds = System.currentTimeMillis() / 1000 - Long.parseLong(timestamp);
    if (Math.abs(ageSeconds) > TOLERANCE_SECONDS) return false;
    byte[] signed = concat((id + "." + timestamp + ".").getBytes(StandardCharsets.UTF_8), body);
    for (String entry : signatures.split(" ")) {
      for (String secret : SECRETS) if (fits(entry, secret, signed)) return true;
    }
    return false;
  }

  static boolean fits(String entry, String secret, byte[] signed) throws GeneralSecurityException {
    String[] parts = entry.split(",", 2);
    if (parts.length < 2) return false;
    byte[] signature;
    try {
      signature = Base64.getDecoder().decode(parts[1]);
    } catch (IllegalArgumentException notBase64) {
      return false;
    }
    if (parts[0].equals("v1") && secret.startsWith("whsec_")) {
      Mac mac = Mac.getInstance("HmacSHA256");
      mac.init(new SecretKeySpec(Base64.getDecoder().decode(secret.substring(6)), "HmacSHA256"));
      return MessageDigest.isEqual(mac.doFinal(signed), signature);
    }
    if (parts[0].equals("v1a") && secret.startsWith("whpk_") && signature.length == 64) {
      byte[] der = concat(ED25519_PREFIX, Base64.getDecoder().decode(secret.substring(5)));
      Signature verifier = Signature.getInstance("Ed25519");
      verifier.initVerify(KeyFactory.getInstance("Ed25519").generatePublic(new X509EncodedKeySpec(der)));
      verifier.update(signed);
      return verifier.verify(signature);
    }
    return false;
  }

  static byte[] concat(byte[] first, byte[] second) {
    ByteArrayOutputStream all = new ByteArrayOutputStream(first.length + second.length);
    all.writeBytes(first);
    all.writeBytes(second);
    return all.toByteArray();
  }

  public static void main(String[] args) throws Exception {
    int port = Integer.parseInt(System.getenv("PORT"));
    HttpServer server = HttpServer.create(new InetSocketAddress("127.0.0.1", port), 0);
    server.createContext("/", exchange -> {
      byte[] body = exchange.getRequestBody().readAllBytes(); // the raw bytes: parse only after they are verified
      boolean genuine;
      try {
        genuine = isGenuine(body, exchange.getRequestHeaders());
      } catch (GeneralSecurityException unusable) {
        genuine = false;
      }
      exchange.sendResponseHeaders(genuine ? 204 : 400, -1);
      exchange.close();
    });
    server.start();
  }
}
