// SPDX-License-Identifier: Apache-2.0
#include "web/compression.h"

#include <zlib.h>

#include <algorithm>
#include <cstdlib>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"

namespace sloburn::web {
namespace {

constexpr int kZlibWindowBits = 15;                // largest window, zlib header
constexpr int kGzipWindowBits = 15 + 16;           // the same, gzip header
constexpr size_t kMaxZlibPiece = size_t{1} << 30;  // zlib counts in 32 bits

absl::string_view Trimmed(std::string_view text) {
  return absl::StripAsciiWhitespace(absl::string_view(text.data(), text.size()));
}

// The q value of "gzip;q=0.5"; 1 where none is given.
double Quality(std::string_view parameters) {
  const size_t q = parameters.find("q=");
  if (q == std::string_view::npos) return 1;
  return std::atof(std::string(parameters.substr(q + 2, 8)).c_str());
}

}  // namespace

ContentCoding ChooseCoding(std::string_view accept_encoding) {
  while (!accept_encoding.empty()) {
    const size_t comma = accept_encoding.find(',');
    const std::string_view item = accept_encoding.substr(0, comma);
    accept_encoding =
        comma == std::string_view::npos ? std::string_view() : accept_encoding.substr(comma + 1);
    const size_t semicolon = item.find(';');
    const absl::string_view name = Trimmed(item.substr(0, semicolon));
    const bool is_gzip = absl::EqualsIgnoreCase(name, "gzip");
    if (!is_gzip && !absl::EqualsIgnoreCase(name, "deflate")) continue;
    if (semicolon != std::string_view::npos && Quality(item.substr(semicolon)) <= 0) continue;
    return is_gzip ? ContentCoding::kGzip : ContentCoding::kDeflate;
  }
  return ContentCoding::kIdentity;
}

std::string Compress(std::string_view body, ContentCoding coding, int level) {
  z_stream stream{};
  const int window_bits = coding == ContentCoding::kGzip ? kGzipWindowBits : kZlibWindowBits;
  if (deflateInit2(&stream, level, Z_DEFLATED, window_bits, 8, Z_DEFAULT_STRATEGY) != Z_OK) {
    return {};
  }
  std::string out;
  int result = Z_OK;
  while (result == Z_OK) {
    const size_t piece = std::min(body.size(), kMaxZlibPiece);
    stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(body.data()));
    stream.avail_in = static_cast<uInt>(piece);
    const int flush = piece == body.size() ? Z_FINISH : Z_NO_FLUSH;
    do {
      char buffer[64 << 10];
      stream.next_out = reinterpret_cast<Bytef*>(buffer);
      stream.avail_out = sizeof buffer;
      result = deflate(&stream, flush);
      out.append(buffer, sizeof buffer - stream.avail_out);
    } while (stream.avail_out == 0 && result == Z_OK);
    body.remove_prefix(piece);
  }
  deflateEnd(&stream);
  return result == Z_STREAM_END ? out : std::string();
}

void CompressResponse(const Request& request, Response& response) {
  response.AddToHeader("Vary", "Accept-Encoding");
  if (response.body.size() <= kSmallestCompressedBody) return;
  if (!response.FindHeader("Content-Encoding").empty()) return;
  const ContentCoding coding = ChooseCoding(request.FindHeader("Accept-Encoding"));
  if (coding == ContentCoding::kIdentity) return;
  std::string compressed = Compress(response.body, coding);
  if (compressed.empty() || compressed.size() >= response.body.size()) return;
  response.body = std::move(compressed);
  response.SetHeader("Content-Encoding", coding == ContentCoding::kGzip ? "gzip" : "deflate");
}

}  // namespace sloburn::web
