// SPDX-License-Identifier: Apache-2.0
#include "engine/remote/gzip_decoder.h"

#include <zlib.h>

#include <algorithm>
#include <array>

#include "base/str_cat.h"

namespace sloburn::remote {
namespace {
constexpr size_t kPieceBytes = 64 << 10;
constexpr int kGzipWindow = 15 + 16;  // gzip only, not raw deflate
}  // namespace

struct GzipDecoder::State {
  z_stream stream{};
  std::array<unsigned char, kPieceBytes> piece;
  bool is_ready = false;

  State() { is_ready = inflateInit2(&stream, kGzipWindow) == Z_OK; }
  ~State() {
    if (is_ready) inflateEnd(&stream);
  }
};

GzipDecoder::GzipDecoder(size_t max_decoded_bytes)
    : state_(std::make_unique<State>()), room_(max_decoded_bytes) {}
GzipDecoder::~GzipDecoder() = default;

absl::Status GzipDecoder::Feed(std::string_view bytes, const Sink& sink) {
  if (!state_->is_ready) return absl::ResourceExhaustedError("gzip: no memory");
  z_stream& stream = state_->stream;
  while (!bytes.empty()) {
    if (has_ended_) return absl::InvalidArgumentError("gzip: bytes after the end");
    const size_t taken = std::min<size_t>(bytes.size(), 1 << 30);
    stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));
    stream.avail_in = static_cast<uInt>(taken);
    bytes.remove_prefix(taken);
    int result = Z_OK;
    do {
      stream.next_out = state_->piece.data();
      stream.avail_out = kPieceBytes;
      result = inflate(&stream, Z_NO_FLUSH);
      if (result != Z_OK && result != Z_STREAM_END && result != Z_BUF_ERROR) {
        return absl::InvalidArgumentError(
            StrCat("gzip: ", stream.msg != nullptr ? stream.msg : "broken"));
      }
      const size_t size = kPieceBytes - stream.avail_out;
      if (size > room_) {
        return absl::ResourceExhaustedError("gzip: the answer is larger than the limit");
      }
      room_ -= size;
      if (size > 0) {
        const absl::Status status =
            sink(std::string_view(reinterpret_cast<const char*>(state_->piece.data()), size));
        if (!status.ok()) return status;
      }
    } while (result == Z_OK && (stream.avail_in > 0 || stream.avail_out == 0));
    if (result == Z_STREAM_END) {
      has_ended_ = true;
      if (stream.avail_in > 0) return absl::InvalidArgumentError("gzip: bytes after the end");
    }
  }
  return absl::OkStatus();
}

absl::Status GzipDecoder::Finish() const {
  return has_ended_ ? absl::OkStatus() : absl::DataLossError("gzip: the answer is cut short");
}

}  // namespace sloburn::remote
