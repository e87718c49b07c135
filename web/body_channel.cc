// SPDX-License-Identifier: Apache-2.0
#include "web/body_channel.h"

#include <exception>
#include <utility>

#include "base/log.h"
#include "base/str_cat.h"

namespace sloburn::web {

void BodyChannel::Run(const std::function<absl::Status(const BodySink&)>& write_body) {
  absl::Status status;
  try {
    status = write_body([this](std::string piece) { return Write(std::move(piece)); });
  } catch (const std::exception& error) {
    status = absl::InternalError(error.what());
  }
  if (!status.ok() && !absl::IsCancelled(status)) {
    Log(LogLevel::kError, "An answer broke off", {{"err", std::string(status.message())}});
  }
  Finish(status.ok() ? State::kComplete : State::kBroken);
}

absl::Status BodyChannel::Write(std::string piece) {
  if (piece.empty()) return absl::OkStatus();
  {
    absl::MutexLock lock(&mutex_);
    mutex_.Await(absl::Condition(this, &BodyChannel::CanWrite));
    if (is_closed_) return absl::CancelledError("the client has gone");
    piece_ = std::move(piece);
    state_ = State::kPiece;
  }
  wake_();
  return absl::OkStatus();
}

void BodyChannel::Finish(State state) {
  {
    absl::MutexLock lock(&mutex_);
    mutex_.Await(absl::Condition(this, &BodyChannel::CanWrite));
    state_ = state;
  }
  wake_();
}

BodyChannel::State BodyChannel::Take(bool is_chunked, std::string& head, std::string& body) {
  absl::MutexLock lock(&mutex_);
  const State state = state_;
  if (state == State::kNothingYet || state == State::kBroken) return state;
  body = std::exchange(piece_, std::string());
  if (state == State::kPiece) state_ = State::kNothingYet;
  head.clear();
  if (is_chunked) {
    head = StrCat(absl::Hex(body.size()), "\r\n");  // of size 0: the last
    body += "\r\n";
  }
  return state;
}

void BodyChannel::Close() {
  absl::MutexLock lock(&mutex_);
  is_closed_ = true;
}

}  // namespace sloburn::web
