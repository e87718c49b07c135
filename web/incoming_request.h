// SPDX-License-Identifier: Apache-2.0
// The request that a connection is reading: first the head, then the body, each checked before
// more is read. It does no I/O. Private to the server.
//
//   incoming.Reset();
//   ... read the head into incoming.parser() ...
//   if (auto refusal = incoming.TakeHead()) ...   // the request but for its body
//   if (auto refusal = incoming.AdmitBody()) ...
//   ... read the body into incoming.parser() ...
//   incoming.TakeBody();
//
// Ownership: borrows the host, and holds room there for the body until ReleaseBody or its end.
// Threads: the connection's strand.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>

#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>
#include <boost/system/error_code.hpp>

#include "web/connection_host.h"
#include "web/request.h"
#include "web/response.h"
#include "web/router.h"
#include "web/server.h"

namespace sloburn::web {

// In bytes, of request line and headers together.
size_t HeadLimit(const ServerOptions& options);

class IncomingRequest {
 public:
  using Parser = boost::beast::http::request_parser<boost::beast::http::string_body>;

  IncomingRequest(ConnectionHost& host, std::string remote_address)
      : host_(host), remote_address_(std::move(remote_address)) {}
  ~IncomingRequest() { ReleaseBody(); }
  IncomingRequest(const IncomingRequest&) = delete;
  IncomingRequest& operator=(const IncomingRequest&) = delete;

  // For the next request; must come before all others.
  void Reset();
  Parser& parser() { return *parser_; }

  // Each returns the refusal, or nullopt where the request may go on.
  std::optional<Response> TakeHead();
  std::optional<Response> AdmitBody();
  // The answer to what the parser could not read; nullopt where there is nobody to tell.
  std::optional<Response> RefusalOf(const boost::system::error_code& error) const;

  bool has_begun() const { return parser_->got_some(); }
  bool is_complete() const { return parser_->is_done(); }
  bool keeps_alive() const { return parser_->get().keep_alive(); }
  // Whether the client wants to be told before it sends the body.
  bool waits_for_continue() const {
    return version_ >= 11 && !request_.FindHeader("Expect").empty();
  }
  void TakeBody() { request_.body = std::move(parser_->get().body()); }
  void ReleaseBody() { host_.ReleaseBody(std::exchange(reserved_body_bytes_, 0)); }

  // Of the last head that was taken.
  Request& request() { return request_; }
  bool is_head() const { return request_.method == "HEAD"; }
  int version() const { return version_; }  // 10 or 11
  Lane lane() const { return lane_; }

 private:
  bool IsRemoteProtocol() const;
  int64_t BodyLimit() const;
  Response TooLarge() const;

  ConnectionHost& host_;
  const std::string remote_address_;  // with the port
  std::optional<Parser> parser_;
  Request request_;
  int version_ = 11;
  Lane lane_ = Lane::kHealth;
  int64_t reserved_body_bytes_ = 0;
};

}  // namespace sloburn::web
