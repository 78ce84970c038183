// WEBHOOK_SECRET=whsec_… dotnet run Standard.cs --urls http://127.0.0.1:3000     (.NET 10; in a web project without the next line)
#:sdk Microsoft.NET.Sdk.Web
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;

// Two secrets, separated by a blank, while one is being replaced.
var secrets = Environment.GetEnvironmentVariable("WEBHOOK_SECRET")!.Split(' ');
const int toleranceSeconds = 300;

var app = WebApplication.Create(args);
app.MapPost("/{**path}", async (HttpRequest request) =>
{
    using var copy = new MemoryStream();
    await request.Body.CopyToAsync(copy);
    var body = copy.ToArray(); // the raw bytes: parse only after they are verified
    if (!IsGenuine(body, request.Headers)) return Results.BadRequest();
    using var message = JsonDocument.Parse(body);
    Console.WriteLine(message.RootElement.GetProperty("type").GetString());
    return Results.NoContent();
});
app.Run();

bool IsGenuine(byte[] body, IHeaderDictionary headers)
{
    var id = headers["webhook-id"].ToString();
    var timestamp = headers["webhook-timestamp"].ToString();
    if (id == "" || !long.TryParse(timestamp, out var seconds)) return false;
    var now = DateTimeOffset.UtcNow.ToUnixTimeSeconds();
    if (seconds < now - toleranceSeconds || seconds > now + toleranceSeconds) return false;
    byte[] signed = [.. Encoding.UTF8.GetBytes($"{id}.{timestamp}."), .. body];
    return headers["webhook-signature"].ToString().Split(' ')
        .Any(entry => secrets.Any(secret => Fits(entry, secret, signed)));
}

static bool Fits(string entry, string secret, byte[] signed)
{
    if (!entry.StartsWith("v1,") || !secret.StartsWith("whsec_")) return false;
    var key = Convert.FromBase64String(secret["whsec_".Length..]);
    var wanted = "v1," + Convert.ToBase64String(HMACSHA256.HashData(key, signed));
    return CryptographicOperations.FixedTimeEquals(Encoding.UTF8.GetBytes(entry), Encoding.UTF8.GetBytes(wanted));
}
