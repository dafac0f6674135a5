namespace DaprOrders.DaprEmulator.Broker;

/// <summary>Consumes one partition until it is canceled or the partition moves to another member.</summary>
internal delegate Task Consume(Partition partition, CancellationToken revoked);

/// <summary>The members of one group on one topic; each partition belongs to exactly one of them at a time.</summary>
internal sealed class ConsumerGroup(MessageBroker broker, string name, Topic topic)
{
    private readonly Lock _gate = new();
    private readonly List<Member> _members = [];

    // A partition that moves is first released by its old consumer, so that it never has two.
    private readonly SemaphoreSlim[] _leases = [.. Enumerable.Range(0, Topic.PartitionCount).Select(_ => new SemaphoreSlim(1))];

    /// <summary>Joins the group until the returned member is disposed.</summary>
    /// <param name="isVolatile">Whether a group without members forgets its position.</param>
    public Member Join(bool startsAtOldest, bool isVolatile, Consume consume)
    {
        var member = new Member(this, consume);
        lock (_gate)
        {
            if (_members.Count == 0)
            {
                SetStart(startsAtOldest, isVolatile);
            }

            _members.Add(member);
            Rebalance();
        }

        return member;
    }

    public long Position(Partition partition) => broker.Position(name, partition) ?? 0;

    public void Commit(Partition partition, long next) => broker.SetPosition(name, partition, next);

    private void SetStart(bool startsAtOldest, bool isVolatile)
    {
        foreach (var partition in topic.Partitions)
        {
            if (isVolatile || broker.Position(name, partition) is null)
            {
                broker.SetPosition(name, partition, startsAtOldest ? 0 : partition.End);
            }
        }
    }

    private void Rebalance()
    {
        for (var number = 0; number < _leases.Length; number++)
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

        /// <summary>Leaves the group. Completes when all its consumers have ended.</summary>
        public async ValueTask DisposeAsync()
        {
            Task[] running;
            lock (group._gate)
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
                await group._leases[number].WaitAsync(revoked);
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
                // The member left, or the partition moved. Uncommitted records are redelivered to the next owner.
            }
            finally
            {
                group._leases[number].Release();
            }
        }
    }

    private Topic Topic => topic;
}
