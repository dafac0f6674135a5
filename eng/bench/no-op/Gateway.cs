using System.Buffers;
using System.Net;

namespace DaprOrders.NoOp;

/// <summary>Forwards orders by service invocation.</summary>
internal sealed class Gateway(Sidecar sidecar) : App(sidecar)
{
    private static readonly Uri Order = new("/v1.0/invoke/order/method/orders", UriKind.Relative);

    protected override Task HandleOwnAsync(HttpContext http) => http.Request.Path.Value is "/orders" ? PlaceAsync(http) : NotFoundAsync(http);

    private async Task PlaceAsync(HttpContext http)
    {
        var (body, length) = await ReadAsync(http.Request);
        try
        {
            var (status, response) = await Sidecar.PostAsync(Order, body, length);
            http.Response.StatusCode = status is HttpStatusCode.Created ? StatusCodes.Status201Created : StatusCodes.Status502BadGateway;
            await WriteJsonAsync(http, response);
        }
        catch (HttpRequestException)
        {
            http.Response.StatusCode = StatusCodes.Status502BadGateway;
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(body);
        }
    }
}
