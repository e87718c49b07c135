// SPDX-License-Identifier: Apache-2.0
// One HTTP request as the handlers see it: a plain value without any socket, so that handlers are
// called from tests exactly as from the server.
//
// Ownership: the request owns its texts. Threads: belongs to one handler at a time; `cancelled`
// alone is written by the connection while the handler runs.
#pragma once

#include <atomic>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/time/time.h"

namespace sloburn::web {

struct Header {
  std::string name, value;
};

struct Request {
  std::string method = "GET";  // as sent; methods are case-sensitive
  std::string path;            // as sent: percent-encoded, without the query
  std::string query;           // what follows '?', as sent
  std::vector<Header> headers;
  std::string body;            // de-chunked, still in its content coding
  std::string remote_address;  // "127.0.0.1:4711", for logs

  // Segments of the path that the route names (":name"), percent-decoded. Set by the router.
  std::vector<std::pair<std::string, std::string>> path_parameters;

  // How long the request waited for a free worker before its handler began.
  absl::Duration queue_time;

  // Becomes true when the client has gone or the server gives up waiting. Never null.
  std::shared_ptr<std::atomic<bool>> cancelled = std::make_shared<std::atomic<bool>>(false);

  // The value of the first header of that name (any case), or "".
  std::string_view FindHeader(std::string_view name) const;
  // The value of a ":name" segment, or "".
  std::string_view PathParameter(std::string_view name) const;
};

}  // namespace sloburn::web
