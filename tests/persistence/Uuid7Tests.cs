namespace DaprOrders.Persistence.Tests;

public sealed class Uuid7Tests
{
    private static readonly DateTimeOffset Now = new(2026, 11, 30, 3, 0, 0, 123, TimeSpan.Zero);

    [Fact]
    public void Id_has_the_version_the_variant_and_the_time_of_its_creation()
    {
        var id = Uuid7.Next(DateTimeOffset.UtcNow.AddHours(1));
        id = Uuid7.Next(DateTimeOffset.UtcNow);

        Assert.Equal(7, id.Version);
        Assert.InRange(id.Variant, 8, 11);
        var time = DateTimeOffset.FromUnixTimeMilliseconds(Convert.ToInt64(id.ToString("N")[..12], 16));
        Assert.InRange(DateTimeOffset.UtcNow - time, TimeSpan.Zero, TimeSpan.FromSeconds(10));
    }

    [Fact]
    public void Ids_of_the_same_moment_increase()
    {
        var ids = Enumerable.Range(0, 10_000).Select(_ => Uuid7.Next(Now)).ToList();

        AssertIncreasing(ids);
    }

    [Fact]
    public void Ids_of_microseconds_increase_if_each_takes_one()
    {
        var ids = Enumerable.Range(0, 1000).Select(i => Uuid7.Next(Now.AddMicroseconds(i))).ToList();

        AssertIncreasing(ids);
        Assert.Equal(ids[0].ToString()[..11], ids[^1].ToString()[..11]); // all within a millisecond or two
    }

    [Fact]
    public void Ids_of_parallel_threads_are_unique()
    {
        var ids = Enumerable.Range(0, 100_000).AsParallel().Select(_ => Uuid7.Next(Now)).ToHashSet();

        Assert.Equal(100_000, ids.Count);
        Assert.Equal(100_000, ids.Select(id => id.ToString()[..18]).Distinct().Count());
    }

    [Fact]
    public void Ids_increase_although_the_clock_is_set_back_by_seconds()
    {
        Guid[] ids = [Uuid7.Next(Now.AddDays(1)), Uuid7.Next(Now.AddDays(1).AddSeconds(-9))];

        AssertIncreasing(ids);
    }

    [Fact]
    public void Ids_follow_a_clock_that_is_set_back_by_hours()
    {
        Uuid7.Next(Now.AddDays(2));

        var id = Uuid7.Next(Now.AddDays(2).AddHours(-1));

        Assert.Equal(Guid.CreateVersion7(Now.AddDays(2).AddHours(-1)).ToString()[..13], id.ToString()[..13]);
    }

    [Fact]
    public void Time_before_1970_is_refused() => Assert.Throws<ArgumentOutOfRangeException>(() => Uuid7.Next(DateTimeOffset.MinValue));

    /// <summary>Compares as .NET does and as PostgreSQL does.</summary>
    private static void AssertIncreasing(IReadOnlyList<Guid> ids)
    {
        Assert.Equal(ids.Order(), ids);
        Assert.Equal(ids.OrderBy(id => id.ToString(), StringComparer.Ordinal), ids);
        Assert.Equal(ids.Count, ids.Distinct().Count());
    }
}
