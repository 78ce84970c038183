// WEBHOOK_SECRET=… PORT=3000 java WoodWing.java     (Java 17 or newer)
import com.sun.net.httpserver.HttpServer;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.util.HexFormat;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

public class WoodWing {
  // The token as it is, not decoded: it only looks like base64.
  static final byte[] SECRET_TOKEN = System.getenv("WEBHOOK_SECRET").getBytes(StandardCharsets.UTF_8);

  static boolean isGenuine(byte[] body, String given) {
    try {
      Mac mac = Mac.getInstance("HmacSHA256");
      mac.init(new SecretKeySpec(SECRET_TOKEN, "HmacSHA256"));
      byte[] wanted = HexFormat.of().formatHex(mac.doFinal(body)).getBytes(StandardCharsets.UTF_8);
      return given != null && MessageDigest.isEqual(wanted, given.getBytes(StandardCharsets.UTF_8));
    } catch (GeneralSecurityException unusable) {
      return false;
    }
  }

  public static void main(String[] args) throws Exception {
    int port = Integer.parseInt(System.getenv("PORT"));
    HttpServer server = HttpServer.create(new InetSocketAddress("127.0.0.1", port), 0);
    server.createContext("/", exchange -> {
      byte[] body = exchange.getRequestBody().readAllBytes();
      boolean genuine = isGenuine(body, exchange.getRequestHeaders().getFirst("X-Hook-Signature"));
      exchange.sendResponseHeaders(genuine ? 204 : 400, -1);
      exchange.close();
    });
    server.start();
  }
}
