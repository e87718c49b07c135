// SPDX-License-Identifier: Apache-2.0
#include "engine/remote/write_message.h"

#include <algorithm>
#include <iterator>

#include "absl/strings/ascii.h"
#include "base/status_macros.h"
#include "base/str_cat.h"

namespace sloburn::remote {
namespace {

constexpr std::string_view kMediaType = "application/x-protobuf";

// Up to `end` or the whole; `rest` keeps what follows, and `has_end` whether there was one.
std::string_view TakeUntil(std::string_view& rest, char end, bool& has_end) {
  const size_t at = rest.find(end);
  has_end = at != std::string_view::npos;
  const std::string_view taken = rest.substr(0, at);
  rest = has_end ? rest.substr(at + 1) : std::string_view();
  return taken;
}

std::string_view Strip(std::string_view text) {
  const absl::string_view stripped = absl::StripAsciiWhitespace(ToAbsl(text));
  return {stripped.data(), stripped.size()};
}

}  // namespace

std::string_view WriteMessageName(WriteMessage message) {
  return message == WriteMessage::kVersion1 ? "prometheus.WriteRequest"
                                            : "io.prometheus.write.v2.Request";
}

std::string WriteContentType(WriteMessage message) {
  if (message == WriteMessage::kVersion1) return std::string(kMediaType);
  return StrCat(kMediaType, ";proto=", WriteMessageName(message));
}

std::string WriteMessageNames(const std::vector<WriteMessage>& messages) {
  std::string names;
  for (const WriteMessage message : messages) {
    StrAppend(&names, names.empty() ? "" : ", ", WriteMessageName(message));
  }
  return names;
}

absl::StatusOr<WriteMessage> ParseWriteMessage(std::string_view name) {
  for (const WriteMessage message : kWriteMessages) {
    if (name == WriteMessageName(message)) return message;
  }
  return absl::InvalidArgumentError(StrCat(
      "unknown type for remote write protobuf message ", name,
      ", supported: ", WriteMessageNames({std::begin(kWriteMessages), std::end(kWriteMessages)})));
}

absl::StatusOr<std::vector<WriteMessage>> ParseWriteMessages(
    const std::vector<std::string>& names) {
  std::vector<WriteMessage> messages;
  for (const std::string& name : names) {
    ASSIGN_OR_RETURN(const WriteMessage message, ParseWriteMessage(name));
    if (std::find(messages.begin(), messages.end(), message) != messages.end()) {
      return absl::InvalidArgumentError(StrCat("duplicated ", name, " flag value, got ",
                                               WriteMessageNames(messages), " already"));
    }
    messages.push_back(message);
  }
  return messages;
}

absl::StatusOr<WriteMessage> WriteMessageOf(std::string_view content_type) {
  content_type = Strip(content_type);
  if (content_type.empty()) return WriteMessage::kVersion1;
  std::string_view rest = content_type;
  bool has_more = false;
  if (TakeUntil(rest, ';', has_more) != kMediaType) {
    return absl::InvalidArgumentError(StrCat("expected ", kMediaType,
                                             " as the first (media) part, got ", content_type,
                                             " content-type"));
  }
  while (has_more) {
    const std::string_view parameter = TakeUntil(rest, ';', has_more);
    std::string_view value = parameter;
    bool has_value = false;
    const std::string_view name = TakeUntil(value, '=', has_value);
    if (!has_value || value.find('=') != std::string_view::npos) {
      return absl::InvalidArgumentError(
          StrCat("as per https://www.rfc-editor.org/rfc/rfc9110#parameter expected parameters to "
                 "be key-values, got ",
                 parameter, " in ", content_type, " content-type"));
    }
    // Prometheus takes a message that is named after a space for version 1, and so loses what is in
    // it; RFC 9110 allows the space.
    if (Strip(name) != "proto") continue;
    const absl::StatusOr<WriteMessage> message = ParseWriteMessage(Strip(value));
    if (message.ok()) return message;
    return absl::InvalidArgumentError(
        absl::StrCat("got ", ToAbsl(content_type), " content type; ", message.status().message()));
  }
  return WriteMessage::kVersion1;
}

}  // namespace sloburn::remote
