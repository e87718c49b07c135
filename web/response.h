// SPDX-License-Identifier: Apache-2.0
// One HTTP answer as a plain value. The server adds Date, Content-Length or Transfer-Encoding, and
// Connection.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "web/request.h"

namespace sloburn::web {

// Takes a piece of a body; blocks while the client reads the pieces before. An error (the client
// has gone) shall end the writing.
using BodySink = std::function<absl::Status(std::string piece)>;

struct Response {
  int status = 200;
  std::vector<Header> headers;
  std::string body;
  // Set where the body is too large to be held: called once after the head, on the lane that the
  // handler ran on, and `body` is not sent. After an error the connection breaks within the body,
  // so that the client cannot take the part for the whole.
  std::function<absl::Status(const BodySink&)> write_body = nullptr;

  // Replaces every header of that name.
  void SetHeader(std::string_view name, std::string value);
  // Adds `value` to the comma-separated list in that header, unless it is there.
  void AddToHeader(std::string_view name, std::string_view value);
  std::string_view FindHeader(std::string_view name) const;

  static Response Text(int status, std::string body);
  static Response Json(int status, std::string body);
  static Response NoContent();
  // Go's http.Redirect: 302.
  static Response Redirect(std::string_view location);
  // Go's http.Error: plain text, one line.
  static Response PlainError(int status, std::string_view message);
  // Prometheus' error document: {"status":"error","errorType":...,"error":...}.
  static Response ApiError(int status, std::string_view error_type, std::string_view message);
};

// "Not Found"; "Unknown" for codes without a name.
std::string_view ReasonPhrase(int status);

}  // namespace sloburn::web
