// SPDX-License-Identifier: Apache-2.0
// Pieces of a streamed body on their way from the handler's thread to its connection. At most one
// waits here while the one before is being written: a slow client holds the handler up and takes
// no memory. Private to the server.
//
// Threads: Run from the handler's thread, Take and Close from the connection's strand.
#pragma once

#include <functional>
#include <string>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/synchronization/mutex.h"
#include "web/response.h"

namespace sloburn::web {

class BodyChannel {
 public:
  // `wake` is called on the handler's thread whenever there is something to take.
  explicit BodyChannel(std::function<void()> wake) : wake_(std::move(wake)) {}

  // Has the body written, until its end or until Close. Errors and exceptions are logged, unless
  // it is the client who has gone.
  void Run(const std::function<absl::Status(const BodySink&)>& write_body);

  enum class State { kNothingYet, kPiece, kComplete, kBroken };
  // What is to be sent next, for kPiece and kComplete: `head`, then `body`; with the framing of
  // HTTP's chunks where `is_chunked`.
  State Take(bool is_chunked, std::string& head, std::string& body);
  // Ends the writing.
  void Close();

 private:
  absl::Status Write(std::string piece);  // blocks while a piece waits
  void Finish(State state);
  bool CanWrite() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    return is_closed_ || state_ != State::kPiece;
  }

  const std::function<void()> wake_;
  absl::Mutex mutex_;
  State state_ ABSL_GUARDED_BY(mutex_) = State::kNothingYet;
  std::string piece_ ABSL_GUARDED_BY(mutex_);
  bool is_closed_ ABSL_GUARDED_BY(mutex_) = false;
};

}  // namespace sloburn::web
