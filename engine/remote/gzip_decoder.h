// SPDX-License-Identifier: Apache-2.0
// Inflates a gzip stream piece by piece, with a cap on what comes out.
//
//   GzipDecoder decoder(max_bytes);
//   RETURN_IF_ERROR(decoder.Feed(piece, [&](std::string_view plain) { ...; return OkStatus(); }));
//   RETURN_IF_ERROR(decoder.Finish());
//
// Threads: one at a time.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <string_view>

#include "absl/status/status.h"

namespace sloburn::remote {

class GzipDecoder {
 public:
  using Sink = std::function<absl::Status(std::string_view)>;

  explicit GzipDecoder(size_t max_decoded_bytes);
  ~GzipDecoder();
  GzipDecoder(const GzipDecoder&) = delete;
  GzipDecoder& operator=(const GzipDecoder&) = delete;

  // Calls `sink` with pieces of at most 64 KiB and stops at its first error, which is returned.
  // Errors: InvalidArgument (not gzip, or broken), ResourceExhausted (the cap).
  absl::Status Feed(std::string_view bytes, const Sink& sink);

  // Call after the last piece. Errors: DataLoss where the stream was cut short.
  absl::Status Finish() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
  size_t room_;
  bool has_ended_ = false;
};

}  // namespace sloburn::remote
