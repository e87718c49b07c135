// SPDX-License-Identifier: Apache-2.0
#include "engine/remote/read_request.h"

#include <algorithm>
#include <protozero/pbf_reader.hpp>
#include <re2/re2.h>

#include "base/status_macros.h"
#include "base/str_cat.h"
#include "engine/model/time_range.h"
#include "engine/remote/proto_fields.h"

namespace sloburn::remote {
namespace {

using protozero::pbf_reader;
using protozero::pbf_wire_type;

// LabelMatcher{1 type 2 name 3 value}
WireMatcher ReadMatcher(pbf_reader wire) {
  WireMatcher matcher;
  while (wire.next()) {
    switch (wire.tag()) {
      case 1:
        matcher.type = ReadEnum(wire);
        break;
      case 2:
        matcher.name = ReadBytes(wire);
        break;
      case 3:
        matcher.value = ReadBytes(wire);
        break;
      default:
        wire.skip();
    }
  }
  return matcher;
}

// Query{1 start 2 end 3 matchers 4 hints}; `matchers` counts those of the whole request.
absl::Status ReadOneQuery(pbf_reader wire, const ReadRequestLimits& limits, size_t& matchers,
                          WireQuery& query) {
  while (wire.next()) {
    switch (wire.tag()) {
      case 1:
        query.start_ms = ReadInt64(wire);
        break;
      case 2:
        query.end_ms = ReadInt64(wire);
        break;
      case 3:
        if (++matchers > limits.max_matchers) {
          return absl::ResourceExhaustedError(
              StrCat("more than the limit of ", limits.max_matchers, " matchers"));
        }
        query.matchers.push_back(ReadMatcher(ReadMessage(wire)));
        break;
      default:
        wire.skip();
    }
  }
  return absl::OkStatus();
}

// Packed, or one by one.
void ReadAccepted(pbf_reader& wire, std::vector<int32_t>& accepted) {
  if (wire.wire_type() == pbf_wire_type::varint) {
    accepted.push_back(wire.get_enum());
    return;
  }
  Expect(wire, pbf_wire_type::length_delimited);
  for (const int32_t type : wire.get_packed_enum()) accepted.push_back(type);
}

absl::Status ReadFields(std::string_view message, const ReadRequestLimits& limits,
                        ReadRequest& request) {
  pbf_reader wire(message.data(), message.size());
  size_t matchers = 0;
  while (wire.next()) {
    switch (wire.tag()) {
      case 1:
        if (request.queries.size() >= limits.max_queries) {
          return absl::ResourceExhaustedError(
              StrCat("more than the limit of ", limits.max_queries, " queries"));
        }
        RETURN_IF_ERROR(
            ReadOneQuery(ReadMessage(wire), limits, matchers, request.queries.emplace_back()));
        break;
      case 2:
        ReadAccepted(wire, request.accepted);
        break;
      default:
        wire.skip();
    }
  }
  return absl::OkStatus();
}

absl::StatusOr<parser::MatchType> ToMatchType(int32_t type) {
  switch (type) {
    case 0:
      return parser::MatchType::kEqual;
    case 1:
      return parser::MatchType::kNotEqual;
    case 2:
      return parser::MatchType::kRegex;
    case 3:
      return parser::MatchType::kNotRegex;
  }
  return absl::InvalidArgumentError("invalid matcher type");
}

absl::StatusOr<Matcher> ToMatcher(const WireMatcher& matcher, const ExternalLabels& external) {
  ASSIGN_OR_RETURN(const parser::MatchType type, ToMatchType(matcher.type));
  const auto label = external.find(matcher.name);
  const bool is_external = type == parser::MatchType::kEqual && label != external.end() &&
                           label->second == matcher.value;
  if (!is_external) return Matcher::Create(type, matcher.name, matcher.value);
  // Prometheus asks for the absence of the label. Series that came from a source with the same
  // external labels have it already.
  return Matcher::Create(parser::MatchType::kRegex, matcher.name,
                         StrCat("|", RE2::QuoteMeta(matcher.value)));
}

}  // namespace

absl::StatusOr<ReadRequest> DecodeReadRequest(std::string_view message,
                                              const ReadRequestLimits& limits) {
  ReadRequest request;
  RETURN_IF_ERROR(
      Guard("ReadRequest", [&] { return ReadFields(message, limits, request); }));
  return request;
}

absl::StatusOr<ReadResponseType> ChooseResponseType(const std::vector<int32_t>& accepted) {
  if (accepted.empty()) return ReadResponseType::kSamples;
  std::string texts;
  for (const int32_t type : accepted) {
    if (type == static_cast<int32_t>(ReadResponseType::kSamples) ||
        type == static_cast<int32_t>(ReadResponseType::kStreamedXorChunks)) {
      return static_cast<ReadResponseType>(type);
    }
    if (texts.size() < 100) StrAppend(&texts, texts.empty() ? "" : " ", type);
  }
  return absl::InvalidArgumentError(
      StrCat("server does not support any of the requested response types: [", texts,
             "]; supported: map[SAMPLES:{} STREAMED_XOR_CHUNKS:{}]"));
}

absl::StatusOr<ReadQuery> ToReadQuery(const WireQuery& query, const ExternalLabels& external) {
  ReadQuery result;
  result.start_ms = std::clamp(query.start_ms, kMinTimeMs, kMaxTimeMs);
  result.end_ms = std::clamp(query.end_ms, kMinTimeMs, kMaxTimeMs);
  for (const WireMatcher& wire : query.matchers) {
    ASSIGN_OR_RETURN(Matcher matcher, ToMatcher(wire, external));
    result.matchers.push_back(std::move(matcher));
  }
  return result;
}

}  // namespace sloburn::remote
