// SPDX-License-Identifier: Apache-2.0
#include "web/api/error_response.h"

#include <string>

#include "base/log.h"
#include "base/str_cat.h"
#include "base/utf8.h"

namespace sloburn::web {
namespace {

struct ErrorRow {
  absl::StatusCode code;
  std::string_view error_type;
  int http_status;
};

// Codes that are not listed are our own mistakes: internal.
constexpr ErrorRow kErrorRows[] = {
    {absl::StatusCode::kInvalidArgument, "bad_data", 400},
    {absl::StatusCode::kOutOfRange, "bad_data", 400},
    {absl::StatusCode::kAlreadyExists, "bad_data", 400},
    {absl::StatusCode::kNotFound, "not_found", 404},
    {absl::StatusCode::kFailedPrecondition, "execution", 422},
    {absl::StatusCode::kResourceExhausted, "execution", 422},
    {absl::StatusCode::kUnimplemented, "execution", 422},
    {absl::StatusCode::kCancelled, "canceled", 499},
    {absl::StatusCode::kDeadlineExceeded, "timeout", 503},
    {absl::StatusCode::kUnavailable, "unavailable", 500},
    {absl::StatusCode::kInternal, "internal", 500},
    {absl::StatusCode::kDataLoss, "internal", 500},
};

const ErrorRow& RowOf(absl::StatusCode code) {
  static constexpr ErrorRow kOther = {absl::StatusCode::kUnknown, "internal", 500};
  for (const ErrorRow& row : kErrorRows) {
    if (row.code == code) return row;
  }
  return kOther;
}

}  // namespace

std::string_view MessageOf(const absl::Status& status) {
  return {status.message().data(), status.message().size()};
}

absl::Status InvalidParameter(std::string_view name, std::string_view cause) {
  return absl::InvalidArgumentError(StrCat("invalid parameter ", GoQuote(name), ": ", cause));
}

Response ErrorResponse(const absl::Status& status) {
  const ErrorRow& row = RowOf(status.code());
  return Response::ApiError(row.http_status, row.error_type, MessageOf(status));
}

void LogRefusal(std::string_view what, const Request& request, const Response& response) {
  Log(LogLevel::kDebug, what,
      {{"remote", request.remote_address},
       {"status", StrCat(response.status)},
       {"err", response.body.substr(0, 1024)}});
}

}  // namespace sloburn::web
