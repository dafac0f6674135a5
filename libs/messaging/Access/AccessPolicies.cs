namespace DaprOrders.Messaging;

/// <summary>Contains the names of the authorization policies of the routes that are not for clients.</summary>
public static class AccessPolicies
{
    /// <summary>
    /// Allows the service's own sidecar, which sends the header <c>dapr-api-token</c> with the value of <c>APP_API_TOKEN</c>. Refuses requests that
    /// other apps send through service invocation. Without <c>APP_API_TOKEN</c>, which is possible only in Development, all other requests are allowed.
    /// </summary>
    /// <seealso href="https://docs.dapr.io/operations/security/app-api-token/"/>
    public const string Sidecar = "sidecar";

    /// <summary>
    /// Allows operators, who send the header <c>Authorization: Bearer</c> with the value of the setting <c>Operator:Token</c>, and, with
    /// authentication, the gateway, which checks the token of its client. Without <c>Operator:Token</c> and <c>APP_API_TOKEN</c> all requests are refused.
    /// </summary>
    public const string Operator = "operator";

    /// <summary>
    /// Allows service invocation by the app <c>gateway</c>. If <c>Authentication:Enabled</c> is false, or is not set in Development, other requests are
    /// allowed too, but they must not contain the header <see cref="DaprOrders.ServiceDefaults.Owner.Header"/>.
    /// </summary>
    public const string Gateway = "gateway";
}
