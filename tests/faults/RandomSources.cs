using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;

namespace DaprOrders.Faults.Tests;

/// <summary>
/// Derives a random source for each actor of a run: a client, the faults, a link of the proxy. <see cref="Random"/> is not safe to share between
/// tasks, and what one actor draws must not depend on how often another one did.
/// </summary>
internal sealed record RandomSources(int Seed)
{
    public Random For(string actor) => new(BinaryPrimitives.ReadInt32LittleEndian(SHA256.HashData(Encoding.UTF8.GetBytes($"{Seed} {actor}"))));
}
