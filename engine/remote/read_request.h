// SPDX-License-Identifier: Apache-2.0
// What a remote read client asks, as the server sees it.
//
//   ASSIGN_OR_RETURN(ReadRequest request, DecodeReadRequest(message, limits));
//   ASSIGN_OR_RETURN(ReadResponseType type, ChooseResponseType(request.accepted));
//   ASSIGN_OR_RETURN(ReadQuery query, ToReadQuery(request.queries[0], external_labels));
//
// Decoding and the choice fail for bad requests; a matcher that is none is an error of its own, as
// Prometheus answers these with different codes. Hints are not read: answers do not depend on them.
// Threads: pure functions.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "engine/remote/prometheus_proto.h"

namespace sloburn::remote {

struct ReadRequestLimits {
  size_t max_queries = 1000;
  size_t max_matchers = 10'000;  // of all queries
};

struct WireMatcher {
  int32_t type = 0;  // 0 = | 1 != | 2 =~ | 3 !~ | others are invalid
  std::string name, value;
};

struct WireQuery {
  int64_t start_ms = 0, end_ms = 0;
  std::vector<WireMatcher> matchers;
};

struct ReadRequest {
  std::vector<WireQuery> queries;
  std::vector<int32_t> accepted;  // response types, the client's favourite first
};

// Errors: InvalidArgument, ResourceExhausted (a limit).
absl::StatusOr<ReadRequest> DecodeReadRequest(std::string_view message,
                                              const ReadRequestLimits& limits);

// The first that we can give; SAMPLES where none is named. InvalidArgument in Prometheus' words.
absl::StatusOr<ReadResponseType> ChooseResponseType(const std::vector<int32_t>& accepted);

using ExternalLabels = std::map<std::string, std::string>;

// Series get the external labels that they lack when they are sent, so an equality with one of them
// holds for series without that label, too. Times are cut to what the engine computes with.
// Errors: InvalidArgument, in Prometheus' words.
absl::StatusOr<ReadQuery> ToReadQuery(const WireQuery& query, const ExternalLabels& external);

}  // namespace sloburn::remote
