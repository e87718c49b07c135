// SPDX-License-Identifier: Apache-2.0
#include "engine/remote/chunked_frames.h"

#include <algorithm>
#include <cstdint>

#include "base/status_macros.h"
#include "base/str_cat.h"
#include "base/crc32c.h"

namespace sloburn::remote {
namespace {

constexpr size_t kChecksumBytes = 4;
constexpr size_t kMaxVarintBytes = 10;

uint32_t ReadBigEndian(std::string_view bytes) {
  uint32_t value = 0;
  for (size_t i = 0; i < kChecksumBytes; ++i) {
    value = value << 8 | static_cast<unsigned char>(bytes[i]);
  }
  return value;
}

}  // namespace

void AppendFrame(std::string& out, std::string_view payload) {
  out.reserve(out.size() + kMaxVarintBytes + kChecksumBytes + payload.size());
  size_t length = payload.size();
  for (; length >= 0x80; length >>= 7) out += static_cast<char>(length | 0x80);
  out += static_cast<char>(length);
  const uint32_t checksum = Crc32c(payload);
  for (int shift = 24; shift >= 0; shift -= 8) out += static_cast<char>(checksum >> shift);
  out += payload;
}

absl::Status FrameSplitter::Measure(std::string_view bytes, size_t& head_bytes,
                                    size_t& payload_bytes) const {
  head_bytes = payload_bytes = 0;
  uint64_t length = 0;
  for (size_t i = 0; i < bytes.size(); ++i) {
    const auto byte = static_cast<unsigned char>(bytes[i]);
    if (i + 1 >= kMaxVarintBytes && byte > 1) {
      return absl::DataLossError(StrCat("remote read: frame ", frames_ + 1, " has no length"));
    }
    length |= static_cast<uint64_t>(byte & 0x7f) << (7 * i);
    if ((byte & 0x80) != 0) continue;
    if (length > max_frame_bytes_) {
      return absl::ResourceExhaustedError(StrCat("remote read: frame ", frames_ + 1, " declares ",
                                                 length, " bytes, more than the limit of ",
                                                 max_frame_bytes_));
    }
    head_bytes = i + 1 + kChecksumBytes;
    payload_bytes = length;
    return absl::OkStatus();
  }
  return absl::OkStatus();
}

absl::Status FrameSplitter::Feed(std::string_view bytes, const FrameReceiver& receive) {
  // Most frames are longer than a piece: they are gathered in pending_, without copying more than
  // the frame's own bytes.
  while (!bytes.empty() || !pending_.empty()) {
    size_t head = 0, payload = 0;
    RETURN_IF_ERROR(Measure(pending_.empty() ? bytes : pending_, head, payload));
    if (head == 0 && !pending_.empty() && !bytes.empty()) {  // within the length: byte by byte
      pending_ += bytes[0];
      bytes.remove_prefix(1);
      continue;
    }
    std::string_view frame = pending_;
    if (pending_.empty() && head > 0 && bytes.size() >= head + payload) {
      frame = bytes.substr(0, head + payload);
      bytes.remove_prefix(head + payload);
    } else {
      const size_t wanted = head == 0 ? bytes.size() : head + payload - pending_.size();
      const size_t taken = std::min(wanted, bytes.size());
      pending_.append(bytes.substr(0, taken));
      bytes.remove_prefix(taken);
      if (head == 0 || pending_.size() < head + payload) return absl::OkStatus();
      frame = pending_;
    }
    ++frames_;
    const std::string_view content = frame.substr(head);
    if (Crc32c(content) != ReadBigEndian(frame.substr(head - kChecksumBytes))) {
      return absl::DataLossError(StrCat("remote read: frame ", frames_, " fails its checksum"));
    }
    RETURN_IF_ERROR(receive(content));
    pending_.clear();
  }
  return absl::OkStatus();
}

absl::Status FrameSplitter::Finish() const {
  if (pending_.empty()) return absl::OkStatus();
  return absl::DataLossError(StrCat("remote read: the answer ends within frame ", frames_ + 1));
}

}  // namespace sloburn::remote
