namespace DaprOrders.DaprEmulator.Resources;

/// <summary>A setting of a component with <c>secretKeyRef</c>.</summary>
/// <param name="Setting">The name of the setting.</param>
/// <param name="Secret">The name of the secret.</param>
/// <param name="Key">The key in the secret.</param>
internal sealed record SecretReference(string Setting, string Secret, string Key);
