// SPDX-License-Identifier: Apache-2.0
#include "web/outgoing_response.h"

#include <algorithm>
#include <utility>

#include "absl/time/time.h"
#include "web/request_head.h"

namespace sloburn::web {
namespace {

constexpr size_t kWritePieceBytes = 256 << 10;
// Answers below this are not counted against the memory of all.
constexpr size_t kSmallResponseBytes = 1 << 20;

}  // namespace

void OutgoingResponse::Begin(Response response, const Framing& framing,
                             std::shared_ptr<BodyChannel> channel) {
  channel_ = std::move(channel);
  is_chunked_ = framing.version >= 11;
  LimitMemory(response);
  head_ = WriteResponseHead(response, framing.version, framing.keeps_alive);
  body_ = framing.is_head || response.status == 204 ? std::string() : std::move(response.body);
  written_ = 0;
  deadline_ =
      std::chrono::steady_clock::now() + absl::ToChronoMilliseconds(host_.options.response_timeout);
}

void OutgoingResponse::LimitMemory(Response& response) {
  if (response.body.size() < kSmallResponseBytes) return;
  const auto bytes = static_cast<int64_t>(response.body.size());
  if (host_.ReserveResponse(bytes)) {
    reserved_bytes_ = bytes;
    return;
  }
  response = Response::ApiError(503, "unavailable",
                                "the answers that other clients are reading fill "
                                "--web.max-buffered-responses; try again");
  response.SetHeader("Retry-After", "1");
}

OutgoingResponse::State OutgoingResponse::Next(Pieces& pieces) {
  if (head_.empty() && written_ == body_.size()) {
    body_ = std::string();
    written_ = 0;
    if (channel_ == nullptr) {
      Release();
      return State::kComplete;
    }
    const State state = TakeFromChannel();
    if (state != State::kPiece) return state;
  }
  if (deadline_ < std::chrono::steady_clock::now()) return State::kLate;
  piece_bytes_ = std::min(kWritePieceBytes, body_.size() - written_);
  pieces = {boost::asio::buffer(head_), boost::asio::buffer(body_.data() + written_, piece_bytes_)};
  return State::kPiece;
}

OutgoingResponse::State OutgoingResponse::TakeFromChannel() {
  const BodyChannel::State state = channel_->Take(is_chunked_, head_, body_);
  is_waiting_ = state == BodyChannel::State::kNothingYet;
  if (is_waiting_) return State::kWaiting;
  if (state == BodyChannel::State::kBroken) return State::kBroken;
  if (state == BodyChannel::State::kComplete) channel_.reset();
  return State::kPiece;
}

void OutgoingResponse::Advance() {
  head_.clear();
  written_ += piece_bytes_;
}

void OutgoingResponse::Abandon() {
  is_waiting_ = false;
  if (channel_ != nullptr) std::exchange(channel_, nullptr)->Close();
}

void OutgoingResponse::Release() { host_.ReleaseResponse(std::exchange(reserved_bytes_, 0)); }

}  // namespace sloburn::web
