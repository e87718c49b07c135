// SPDX-License-Identifier: Apache-2.0
// Checks on a request's head that the HTTP parser leaves to its user, on plain values. Private to
// the server.
#pragma once

#include <optional>
#include <string>

#include "web/request.h"
#include "web/response.h"
#include "web/server.h"

namespace sloburn::web {

struct RequestHead {
  std::string target;
  int version = 11;         // 10 or 11
  bool is_chunked = false;  // as the parser understood it
  std::vector<Header> headers;
};

// The refusal, or nullopt when the request may go on: target and header sizes, Host,
// Transfer-Encoding and Expect.
std::optional<Response> RefuseHead(const RequestHead& head, const ServerOptions& options);

// Splits an origin-form or absolute-form target; false when it is neither (nor "*").
bool SplitTarget(std::string_view target, std::string* path, std::string* query);

// Status line and headers, with Date, Content-Length or Transfer-Encoding, and Connection.
std::string WriteResponseHead(const Response& response, int version, bool keep_alive);

}  // namespace sloburn::web
