// SPDX-License-Identifier: Apache-2.0
#include "web/compression.h"

#include <zlib.h>

#include <algorithm>
#include <cstdlib>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"

namespace sloburn::web {
namespace {

constexpr int kGzipWindowBits = 15 + 16;           // largest window, gzip header
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

bool AcceptsGzip(std::string_view accept_encoding) {
  while (!accept_encoding.empty()) {
    const size_t comma = accept_encoding.find(',');
    const std::string_view item = accept_encoding.substr(0, comma);
    accept_encoding =
        comma == std::string_view::npos ? std::string_view() : accept_encoding.substr(comma + 1);
    const size_t semicolon = item.find(';');
    if (!absl::EqualsIgnoreCase(Trimmed(item.substr(0, semicolon)), "gzip")) continue;
    return semicolon == std::string_view::npos || Quality(item.substr(semicolon)) > 0;
  }
  return false;
}

std::string Gzip(std::string_view body, int level) {
  z_stream stream{};
  if (deflateInit2(&stream, level, Z_DEFLATED, kGzipWindowBits, 8, Z_DEFAULT_STRATEGY) != Z_OK) {
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
  if (!AcceptsGzip(request.FindHeader("Accept-Encoding"))) return;
  std::string compressed = Gzip(response.body);
  if (compressed.empty() || compressed.size() >= response.body.size()) return;
  response.body = std::move(compressed);
  response.SetHeader("Content-Encoding", "gzip");
}

}  // namespace sloburn::web
