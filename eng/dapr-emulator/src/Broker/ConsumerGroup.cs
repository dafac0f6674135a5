namespace DaprOrders.DaprEmulator.Broker;

/// <summary>Consumes one partition until <paramref name="revoked"/> is canceled, because the member leaves or the partition moves.</summary>
internal delegate Task Consume(Partition partition, CancellationToken revoked);

/// <summary>Assigns the partitions of one topic to the members of one group. Each partition belongs to one member at a time.</summary>
internal sealed class ConsumerGroup(MessageBroker broker, string name, Topic topic)
{
    private readonly Lock _lock = new();
    private readonly List<Member> _members = [];

    // The new consumer of a partition waits for the old one, so that a partition never has two consumers.
    private readonly SemaphoreSlim[] _partitionLocks = [.. Enumerable.Range(0, Topic.PartitionCount).Select(_ => new SemaphoreSlim(1))];

    /// <summary>Adds a member. Dispose it to leave the group.</summary>
    /// <param name="isVolatile">Whether a group without members loses its committed offsets.</param>
    public Member Join(bool startsAtOldest, bool isVolatile, Consume consume)
    {
        var member = new Member(this, consume);
        lock (_lock)
        {
            if (_members.Count == 0)
            {
                SetStartOffsets(startsAtOldest, isVolatile);
            }

            _members.Add(member);
            Rebalance();
        }

        return member;
    }

    public long CommittedOffset(Partition partition) => broker.CommittedOffset(name, partition) ?? 0;

    public void Commit(Partition partition, long next) => broker.CommitOffset(name, partition, next);

    private void SetStartOffsets(bool startsAtOldest, bool isVolatile)
    {
        foreach (var partition in topic.Partitions)
        {
            if (isVolatile || broker.CommittedOffset(name, partition) is null)
            {
                broker.CommitOffset(name, partition, startsAtOldest ? 0 : partition.End);
            }
        }
    }

    private void Rebalance()
    {
        for (var number = 0; number < _partitionLocks.Length; number++)
        {
            var owner = _members.Count == 0 ? null : _members[number % _members.Count];
            foreach (var member in _members)
            {
                member.SetOwned(number, member == owner);
            }
        }
    }

    internal sealed class Member(ConsumerGroup group, Consume consume) : IAsyncDisposable
    {
        private readonly Dictionary<int, (CancellationTokenSource Revoked, Task Done)> _running = [];

        /// <summary>Leaves the group and waits until all consumers of this member have ended.</summary>
        public async ValueTask DisposeAsync()
        {
            Task[] running;
            lock (group._lock)
            {
                group._members.Remove(this);
                running = [.. _running.Values.Select(consumer => consumer.Done)];
                foreach (var (revoked, _) in _running.Values)
                {
                    revoked.Cancel();
                }

                _running.Clear();
                group.Rebalance();
            }

            await Task.WhenAll(running);
        }

        internal void SetOwned(int number, bool owned)
        {
            if (owned == _running.ContainsKey(number))
            {
                return;
            }

            if (owned)
            {
                var revoked = new CancellationTokenSource();
                _running[number] = (revoked, Task.Run(() => RunAsync(number, revoked.Token), CancellationToken.None));
                return;
            }

            _running.Remove(number, out var consumer);
            consumer.Revoked.Cancel();
        }

        private async Task RunAsync(int number, CancellationToken revoked)
        {
            try
            {
                await group._partitionLocks[number].WaitAsync(revoked);
            }
            catch (OperationCanceledException)
            {
                return;
            }

            try
            {
                await consume(group.Topic.Partitions[number], revoked);
            }
            catch (OperationCanceledException) when (revoked.IsCancellationRequested)
            {
                // The member left or the partition moved. The next owner receives the uncommitted records again.
            }
            finally
            {
                group._partitionLocks[number].Release();
            }
        }
    }

    private Topic Topic => topic;
}
