// SPDX-License-Identifier: Apache-2.0
// The frames of a streamed remote read answer: FrameSplitter cuts a body into them and verifies
// each, AppendFrame writes one.
//
//   frame = length:uvarint  crc:u32 big-endian, CRC-32C of the payload  payload
//
// Threads: one at a time per splitter; AppendFrame is a pure function.
#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>

#include "absl/status/status.h"

namespace sloburn::remote {

void AppendFrame(std::string& out, std::string_view payload);

class FrameSplitter {
 public:
  using FrameReceiver = std::function<absl::Status(std::string_view payload)>;

  explicit FrameSplitter(size_t max_frame_bytes) : max_frame_bytes_(max_frame_bytes) {}

  // Hands over each frame that is complete; the first error of `receive` is returned.
  // Errors: DataLoss (checksum, broken length), ResourceExhausted (a frame over the limit; found
  // before its bytes are waited for).
  absl::Status Feed(std::string_view bytes, const FrameReceiver& receive);

  // Call at the end of the body. Errors: DataLoss where it ends within a frame.
  absl::Status Finish() const;

 private:
  // The size of the frame at the start of `bytes` with its head; 0 where more bytes are needed.
  absl::Status Measure(std::string_view bytes, size_t& head_bytes, size_t& payload_bytes) const;

  const size_t max_frame_bytes_;
  size_t frames_ = 0;
  std::string pending_;  // the beginning of a frame
};

}  // namespace sloburn::remote
