// SPDX-License-Identifier: Apache-2.0
// The answer that a connection is sending, piece by piece: the head, then the body, which is held
// whole or comes through a channel. It does no I/O. Private to the server.
//
//   outgoing.Begin(std::move(response), {.version = 11}, channel);
//   while (outgoing.Next(pieces) == OutgoingResponse::State::kPiece) {
//     ... send the pieces ...
//     outgoing.Advance();
//   }
//
// Ownership: borrows the host, and holds room there for a large body until it is sent or the object
// ends. Threads: the connection's strand.
#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include <boost/asio/buffer.hpp>

#include "web/body_channel.h"
#include "web/connection_host.h"
#include "web/response.h"

namespace sloburn::web {

class OutgoingResponse {
 public:
  using Pieces = std::array<boost::asio::const_buffer, 2>;

  struct Framing {
    int version = 11;  // 10 or 11
    bool keeps_alive = false;
    bool is_head = false;  // no body is sent
  };

  explicit OutgoingResponse(ConnectionHost& host) : host_(host) {}
  ~OutgoingResponse() { Release(); }
  OutgoingResponse(const OutgoingResponse&) = delete;
  OutgoingResponse& operator=(const OutgoingResponse&) = delete;

  // `channel` null: the body is the response's own. An answer takes its place where all that are
  // being sent would take more memory than they may.
  void Begin(Response response, const Framing& framing, std::shared_ptr<BodyChannel> channel);

  enum class State {
    kPiece,    // `pieces` are to be sent; they stay valid until Advance
    kWaiting,  // for the channel to wake
    kComplete,
    kBroken,  // the body ended in an error
    kLate,    // the answer has taken longer than response_timeout
  };
  State Next(Pieces& pieces);
  // The pieces have been sent.
  void Advance();
  // Whether Next returned kWaiting last.
  bool is_waiting() const { return is_waiting_; }

  // Nothing more will be sent: ends the writing to the channel.
  void Abandon();

 private:
  void LimitMemory(Response& response);
  // The next piece of the channel; kPiece where there is one.
  State TakeFromChannel();
  void Release();

  ConnectionHost& host_;
  bool is_chunked_ = false;  // where there is a channel
  std::string head_, body_;
  size_t written_ = 0, piece_bytes_ = 0;  // of the body; in the pieces under way
  std::chrono::steady_clock::time_point deadline_;
  std::shared_ptr<BodyChannel> channel_;  // of a body that is still being made
  bool is_waiting_ = false;
  int64_t reserved_bytes_ = 0;
};

}  // namespace sloburn::web
