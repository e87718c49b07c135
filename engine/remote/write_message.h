// SPDX-License-Identifier: Apache-2.0
// The two messages of remote write, and how a Content-Type names one of them.
// Threads: pure functions.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"

namespace sloburn::remote {

enum class WriteMessage {
  kVersion1,  // prometheus.WriteRequest
  kVersion2,  // io.prometheus.write.v2.Request
};

inline constexpr WriteMessage kWriteMessages[] = {WriteMessage::kVersion1, WriteMessage::kVersion2};

std::string_view WriteMessageName(WriteMessage message);

// The Content-Type of a request: without a parameter for version 1, which may not know it.
std::string WriteContentType(WriteMessage message);

// "prometheus.WriteRequest, io.prometheus.write.v2.Request"
std::string WriteMessageNames(const std::vector<WriteMessage>& messages);

// Errors: InvalidArgument "unknown type for remote write protobuf message NAME, supported: ...".
absl::StatusOr<WriteMessage> ParseWriteMessage(std::string_view name);

// The names of a list, each once. Errors: InvalidArgument as above, or "duplicated NAME flag value,
// got [...] already".
absl::StatusOr<std::vector<WriteMessage>> ParseWriteMessages(const std::vector<std::string>& names);

// What a body with this Content-Type is; version 1 where it is empty or names no message. Errors:
// InvalidArgument in Prometheus' words.
absl::StatusOr<WriteMessage> WriteMessageOf(std::string_view content_type);

}  // namespace sloburn::remote
