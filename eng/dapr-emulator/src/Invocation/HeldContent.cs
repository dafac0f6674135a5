using System.Net;

namespace DaprOrders.DaprEmulator.Invocation;

/// <summary>The body of an answer that is told when nobody reads it any more.</summary>
internal sealed class HeldContent : HttpContent
{
    private readonly HttpContent _inner;
    private Action? _released;

    public HeldContent(HttpContent inner, Action released)
    {
        (_inner, _released) = (inner, released);
        foreach (var (name, values) in inner.Headers.NonValidated)
        {
            Headers.TryAddWithoutValidation(name, values);
        }
    }

    protected override Task<Stream> CreateContentReadStreamAsync() => _inner.ReadAsStreamAsync();

    protected override Task<Stream> CreateContentReadStreamAsync(CancellationToken cancellationToken) => _inner.ReadAsStreamAsync(cancellationToken);

    protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context) => _inner.CopyToAsync(stream, context);

    protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context, CancellationToken cancellationToken) =>
        _inner.CopyToAsync(stream, context, cancellationToken);

    protected override bool TryComputeLength(out long length)
    {
        length = _inner.Headers.ContentLength ?? 0;
        return _inner.Headers.ContentLength is not null;
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            _inner.Dispose();
            Interlocked.Exchange(ref _released, null)?.Invoke();
        }

        base.Dispose(disposing);
    }
}
