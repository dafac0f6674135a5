using System.Text;

namespace DaprOrders.DaprEmulator.Api;

/// <summary>Guesses the type of an answer from its first bytes, by the part of the WHATWG rules that Go's server follows.</summary>
internal static class ContentSniffer
{
    private const int Looked = 512;

    private static readonly string[] Html =
    [
        "<!DOCTYPE HTML", "<HTML", "<HEAD", "<SCRIPT", "<IFRAME", "<H1", "<DIV", "<FONT", "<TABLE", "<A", "<STYLE", "<TITLE", "<B", "<BODY", "<BR", "<P", "<!--",
    ];

    private static readonly (byte[] Start, string Type)[] Starts =
    [
        ("%PDF-"u8.ToArray(), "application/pdf"),
        ("%!PS-Adobe-"u8.ToArray(), "application/postscript"),
        ([0xFE, 0xFF, 0, 0], "text/plain; charset=utf-16be"),
        ([0xFF, 0xFE, 0, 0], "text/plain; charset=utf-16le"),
        ([0xEF, 0xBB, 0xBF], "text/plain; charset=utf-8"),
        ("GIF87a"u8.ToArray(), "image/gif"),
        ("GIF89a"u8.ToArray(), "image/gif"),
        ([0x89, .. "PNG\r\n"u8, 0x1A, 0x0A], "image/png"),
        ([0xFF, 0xD8, 0xFF], "image/jpeg"),
        ("BM"u8.ToArray(), "image/bmp"),
        ([0, 0, 1, 0], "image/x-icon"),
        ("OggS\0"u8.ToArray(), "application/ogg"),
        ("ID3"u8.ToArray(), "audio/mpeg"),
        ([0x1F, 0x8B, 0x08], "application/x-gzip"),
        ("PK\u0003\u0004"u8.ToArray(), "application/zip"),
        ([0, .. "asm"u8], "application/wasm"),
    ];

    public static string TypeOf(ReadOnlySpan<byte> body)
    {
        body = body[..Math.Min(body.Length, Looked)];
        var text = body.TrimStart("\t\n\f\r "u8);
        var start = Encoding.Latin1.GetString(text[..Math.Min(text.Length, 20)]);
        foreach (var tag in Html)
        {
            // A tag counts when it ends there, as "<A>" does and "<ABC" does not.
            if (start.StartsWith(tag, StringComparison.OrdinalIgnoreCase) && start.Length > tag.Length && (start[tag.Length] is ' ' or '>' || tag == "<!--"))
            {
                return "text/html; charset=utf-8";
            }
        }

        if (start.StartsWith("<?xml", StringComparison.Ordinal))
        {
            return "text/xml; charset=utf-8";
        }

        foreach (var (bytes, type) in Starts)
        {
            if (body.StartsWith(bytes))
            {
                return type;
            }
        }

        foreach (var letter in text)
        {
            if (letter is <= 0x08 or 0x0B or (>= 0x0E and <= 0x1A) or (>= 0x1C and <= 0x1F))
            {
                return "application/octet-stream";
            }
        }

        return "text/plain; charset=utf-8";
    }
}
