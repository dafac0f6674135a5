using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;

namespace DaprOrders.Faults.Tests;

/// <summary>
/// Creates a <see cref="Random"/> for each actor of a run, for example for each client. An instance cannot be shared between tasks, and the values of
/// one actor must not depend on other actors.
/// </summary>
internal sealed record RandomSources(int Seed)
{
    public Random For(string actor) => new(BinaryPrimitives.ReadInt32LittleEndian(SHA256.HashData(Encoding.UTF8.GetBytes($"{Seed} {actor}"))));
}
