// SPDX-License-Identifier: Apache-2.0
// One HTTP answer as a plain value. The server adds Date, Content-Length and Connection.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "web/request.h"

namespace sloburn::web {

struct Response {
  int status = 200;
  std::vector<Header> headers;
  std::string body;

  // Replaces every header of that name.
  void SetHeader(std::string_view name, std::string value);
  // Adds `value` to the comma-separated list in that header, unless it is there.
  void AddToHeader(std::string_view name, std::string_view value);
  std::string_view FindHeader(std::string_view name) const;

  static Response Text(int status, std::string body);
  static Response Json(int status, std::string body);
  static Response NoContent();
  // Go's http.Error: plain text, one line.
  static Response PlainError(int status, std::string_view message);
  // Prometheus' error document: {"status":"error","errorType":...,"error":...}.
  static Response ApiError(int status, std::string_view error_type, std::string_view message);
};

// "Not Found"; "Unknown" for codes without a name.
std::string_view ReasonPhrase(int status);

}  // namespace sloburn::web
