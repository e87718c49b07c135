// SPDX-License-Identifier: Apache-2.0
#include "web/api/endpoints.h"

#include <openssl/sha.h>

#include <algorithm>
#include <limits>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "base/json_writer.h"
#include "base/status_macros.h"
#include "base/str_cat.h"
#include "base/utf8.h"
#include "web/api/api_handler.h"
#include "web/api/error_response.h"
#include "web/api/parameters.h"
#include "web/api/rule_json.h"
#include "web/api/series_selection.h"

namespace sloburn::web {
namespace {

struct RuleFilter {
  std::vector<std::string> rule_names, group_names, files;  // empty: all
  std::vector<Matchers> sets;
  bool shows_alerting = true, shows_recording = true;
  bool exclude_alerts = false;
  int64_t group_limit = 0;  // 0: no pages
  std::string next_token;
};

bool Contains(const std::vector<std::string>& allowed, const std::string& name) {
  return allowed.empty() || std::find(allowed.begin(), allowed.end(), name) != allowed.end();
}

std::string Lower(std::string_view text) {
  return absl::AsciiStrToLower(absl::string_view(text.data(), text.size()));
}

// strconv.ParseBool on lower-case text.
std::optional<bool> ParseGoBool(const std::string& text) {
  if (text == "1" || text == "t" || text == "true") return true;
  if (text == "0" || text == "f" || text == "false") return false;
  return std::nullopt;
}

absl::Status ReadType(const Form& form, RuleFilter& filter) {
  const std::string type = Lower(form.GetFromQuery("type"));
  if (type != "" && type != "alert" && type != "record") {
    return InvalidParameter("type", StrCat("not supported value ", GoQuote(type)));
  }
  filter.shows_alerting = type != "record";
  filter.shows_recording = type != "alert";
  return absl::OkStatus();
}

absl::Status ReadExcludeAlerts(const Form& form, RuleFilter& filter) {
  const std::string text = Lower(form.GetFromQuery("exclude_alerts"));
  if (text.empty()) return absl::OkStatus();
  const std::optional<bool> value = ParseGoBool(text);
  if (!value) {
    return InvalidParameter("exclude_alerts",
                            StrCat("error converting exclude_alerts: strconv.ParseBool: "
                                   "parsing ",
                                   GoQuote(text), ": invalid syntax"));
  }
  filter.exclude_alerts = *value;
  return absl::OkStatus();
}

absl::Status ReadPage(const Form& form, RuleFilter& filter) {
  const std::string_view limit_text = form.GetFromQuery("group_limit");
  filter.next_token = std::string(form.GetFromQuery("group_next_token"));
  if (limit_text.empty()) {
    if (filter.next_token.empty()) return absl::OkStatus();
    return InvalidParameter("group_next_token",
                            "group_limit needs to be present in order to paginate over the groups");
  }
  absl::StatusOr<int64_t> limit = ParseGoInteger(limit_text, "strconv.ParseInt");
  if (limit.ok() && (*limit > std::numeric_limits<int32_t>::max() ||
                     *limit < std::numeric_limits<int32_t>::min())) {
    limit = absl::InvalidArgumentError(
        StrCat("strconv.ParseInt: parsing ", GoQuote(limit_text), ": value out of range"));
  }
  if (!limit.ok()) {
    return InvalidParameter("group_limit", StrCat("group_limit needs to be a valid number: ",
                                                  limit.status().message()));
  }
  if (*limit <= 0) {
    return InvalidParameter("group_limit", "group_limit needs to be greater than 0");
  }
  filter.group_limit = *limit;
  return absl::OkStatus();
}

absl::StatusOr<RuleFilter> ReadFilter(const Form& form, const Dependencies& deps) {
  if (!form.error().empty()) {
    return absl::InvalidArgumentError(StrCat("error parsing form values: ", form.error()));
  }
  RuleFilter filter;
  filter.rule_names = form.GetAll("rule_name[]");
  filter.group_names = form.GetAll("rule_group[]");
  filter.files = form.GetAll("file[]");
  ASSIGN_OR_RETURN(filter.sets,
                   ParseMatchParameter(form.GetAll("match[]"), deps.query_options.parse));
  RETURN_IF_ERROR(ReadType(form, filter));
  RETURN_IF_ERROR(ReadExcludeAlerts(form, filter));
  RETURN_IF_ERROR(ReadPage(form, filter));
  return filter;
}

std::string PageToken(const rules::GroupStatus& group) {
  const std::string text = StrCat(group.file, ";", group.name);
  unsigned char digest[SHA256_DIGEST_LENGTH];
  SHA256(reinterpret_cast<const unsigned char*>(text.data()), text.size(), digest);
  return absl::BytesToHexString(
      absl::string_view(reinterpret_cast<const char*>(digest), sizeof digest));
}

// The chosen rules of a group as comma-separated objects; "" when there are none.
std::string ChosenRules(const rules::GroupStatus& group, const RuleFilter& filter) {
  std::string out;
  for (const rules::RuleStatus& rule : group.rules) {
    if (!(rule.is_alerting ? filter.shows_alerting : filter.shows_recording)) continue;
    if (!Contains(filter.rule_names, rule.name)) continue;
    if (!filter.sets.empty() && !MatchesAny(Labels::FromPairs(rule.labels), filter.sets)) continue;
    if (!out.empty()) out += ',';
    AppendRuleJson(out, rule, filter.exclude_alerts);
  }
  return out;
}

absl::StatusOr<Notes> ListRules(const Form& form, const Dependencies& deps, std::string& out) {
  ASSIGN_OR_RETURN(const RuleFilter filter, ReadFilter(form, deps));
  std::vector<rules::GroupStatus> groups;
  if (deps.rules != nullptr) groups = deps.rules->Groups();
  bool found_token = filter.next_token.empty();
  int64_t written = 0;
  std::string next_token;
  out += R"({"groups":[)";
  for (const rules::GroupStatus& group : groups) {
    if (!found_token && PageToken(group) != filter.next_token) continue;
    found_token = true;
    if (!Contains(filter.group_names, group.name) || !Contains(filter.files, group.file)) continue;
    const std::string rules_json = ChosenRules(group, filter);
    if (rules_json.empty()) continue;
    if (filter.group_limit > 0 && written == filter.group_limit) {
      next_token = PageToken(group);
      break;
    }
    if (written++ > 0) out += ',';
    AppendGroupJson(out, group, rules_json);
  }
  if (!found_token) {
    return InvalidParameter(
        "group_next_token",
        StrCat("invalid group_next_token '", filter.next_token, "'. were rule groups changed?"));
  }
  out += ']';
  if (!next_token.empty()) StrAppend(&out, R"(,"groupNextToken":")", next_token, "\"");
  out += '}';
  return Notes();
}

}  // namespace

void AddRules(Router& router, const Dependencies& deps) {
  router.Add({"GET"}, "/api/v1/rules", Lane::kControl,
             ApiHandler([&deps](const Request&, const Form& form, std::string& out) {
               return ListRules(form, deps, out);
             }));
}

}  // namespace sloburn::web
