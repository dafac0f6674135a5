using DaprOrders.DaprEmulator.Hosting;

namespace DaprOrders.DaprEmulator.Api;

/// <summary>Ready to serve, and ready with the app. An app that waits for the latter before it listens waits for ever, here too.</summary>
internal sealed class HealthEndpoints(SidecarState sidecar)
{
    private static readonly ApiError NotReady =
        new(500, "ERR_HEALTH_NOT_READY", "dapr is not ready: [runtime]");

    private static readonly ApiError OtherAppId =
        new(500, "ERR_HEALTH_APPID_NOT_MATCH", "dapr app-id does not match");

    public Task HealthAsync(HttpContext http)
    {
        if (!sidecar.IsReady)
        {
            return http.AnswerAsync(NotReady);
        }

        return http.Request.Query["appid"] is [var appId, ..] && appId != sidecar.AppId
            ? http.AnswerAsync(OtherAppId)
            : http.AnswerEmptyAsync();
    }
}
