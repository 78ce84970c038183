// WEBHOOK_SECRET=… dotnet run WoodWing.cs --urls http://127.0.0.1:3000     (.NET 10; in a web project without the next line)
#:sdk Microsoft.NET.Sdk.Web
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;

// The token as it is, not decoded: it only looks like base64.
var secretToken = Encoding.UTF8.GetBytes(Environment.GetEnvironmentVariable("WEBHOOK_SECRET")!);

var app = WebApplication.Create(args);
app.MapPost("/{**path}", async (HttpRequest request) =>
{
    using var copy = new MemoryStream();
    await request.Body.CopyToAsync(copy);
    var body = copy.ToArray();
    var wanted = Convert.ToHexString(HMACSHA256.HashData(secretToken, body)).ToLowerInvariant();
    var given = request.Headers["X-Hook-Signature"].ToString();
    if (!CryptographicOperations.FixedTimeEquals(Encoding.UTF8.GetBytes(given), Encoding.UTF8.GetBytes(wanted)))
        return Results.BadRequest();
    using var message = JsonDocument.Parse(body);
    Console.WriteLine(message.RootElement.GetProperty("type").GetString());
    return Results.NoContent();
});
app.Run();
