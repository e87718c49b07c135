// SPDX-License-Identifier: Apache-2.0
#include "web/incoming_request.h"

#include <boost/beast/http/error.hpp>

#include "base/str_cat.h"
#include "web/request_head.h"

namespace sloburn::web {
namespace {

namespace http = boost::beast::http;
using boost::system::error_code;

int StatusOfParseError(const error_code& error, bool has_start_line) {
  if (error == http::error::header_limit) return has_start_line ? 431 : 414;
  if (error == http::error::body_limit) return 413;
  if (error == http::error::bad_version) return 505;
  return 400;
}

}  // namespace

size_t HeadLimit(const ServerOptions& options) {
  return options.max_uri_bytes + options.max_header_bytes + 64;
}

void IncomingRequest::Reset() {
  parser_.emplace();
  parser_->header_limit(static_cast<std::uint32_t>(HeadLimit(host_.options)));
  parser_->body_limit(boost::none);
}

std::optional<Response> IncomingRequest::TakeHead() {
  const auto& message = parser_->get();
  RequestHead head{
      std::string(message.target()), static_cast<int>(message.version()), parser_->chunked(), {}};
  for (const auto& field : message) {
    head.headers.push_back({std::string(field.name_string()), std::string(field.value())});
  }
  if (std::optional<Response> refusal = RefuseHead(head, host_.options)) return refusal;
  request_ = Request();
  if (!SplitTarget(head.target, &request_.path, &request_.query)) {
    return Response::PlainError(400, "400 Bad Request: the target is not a path");
  }
  version_ = head.version;
  request_.method = std::string(message.method_string());
  request_.headers = std::move(head.headers);
  request_.remote_address = remote_address_;
  lane_ = host_.router.LaneFor(request_.method, request_.path);
  return std::nullopt;
}

std::optional<Response> IncomingRequest::AdmitBody() {
  const int64_t limit = BodyLimit();
  const auto length = parser_->content_length();
  if (length && *length > static_cast<uint64_t>(limit)) return TooLarge();
  const int64_t room = parser_->chunked() ? limit : length ? static_cast<int64_t>(*length) : 0;
  if (!host_.ReserveBody(room)) {
    Response busy = Response::PlainError(503, "503 Service Unavailable: too many request bodies");
    busy.SetHeader("Retry-After", "1");
    return busy;
  }
  reserved_body_bytes_ = room;
  parser_->body_limit(static_cast<uint64_t>(limit));
  return std::nullopt;
}

std::optional<Response> IncomingRequest::RefusalOf(const error_code& error) const {
  const bool is_ours = error.category() == make_error_code(http::error::bad_target).category();
  if (!is_ours || error == http::error::end_of_stream) return std::nullopt;
  const int status = StatusOfParseError(error, !parser_->get().target().empty());
  if (status == 413) return TooLarge();
  return Response::PlainError(status,
                              StrCat(status, " ", ReasonPhrase(status), ": ", error.message()));
}

// Bodies of samples and of what is asked about them, in snappy; errors are plain text.
bool IncomingRequest::IsRemoteProtocol() const {
  return lane_ == Lane::kWrite || lane_ == Lane::kRead;
}

int64_t IncomingRequest::BodyLimit() const {
  return IsRemoteProtocol() ? host_.options.max_write_body_bytes : host_.options.max_body_bytes;
}

// Clients of the query API read JSON whatever the status; senders of samples log the text.
Response IncomingRequest::TooLarge() const {
  const auto path = host_.router.WithoutPrefix(request_.path);
  if (!path || !path->starts_with("/api/v1/") || IsRemoteProtocol()) {
    return Response::PlainError(413, "413 Request Entity Too Large");
  }
  return Response::ApiError(
      413, "bad_data", StrCat("the request body is above the limit of ", BodyLimit(), " bytes"));
}

}  // namespace sloburn::web
