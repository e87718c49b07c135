// SPDX-License-Identifier: Apache-2.0
#include "web/router.h"

#include <algorithm>
#include <chrono>
#include <exception>
#include <new>

#include "absl/strings/str_join.h"
#include "base/log.h"
#include "base/str_cat.h"
#include "web/form.h"

namespace sloburn::web {
namespace {

std::vector<std::string_view> SplitPath(std::string_view path) {
  std::vector<std::string_view> segments;
  if (!path.empty() && path[0] == '/') path.remove_prefix(1);
  while (true) {
    const size_t slash = path.find('/');
    segments.push_back(path.substr(0, slash));
    if (slash == std::string_view::npos) return segments;
    path.remove_prefix(slash + 1);
  }
}

bool SegmentsMatch(const std::vector<std::string>& pattern, const std::vector<std::string>& path,
                   std::vector<std::pair<std::string, std::string>>& parameters) {
  for (size_t i = 0; i < pattern.size(); ++i) {
    if (pattern[i] == "*") return i < path.size();
    if (i >= path.size()) return false;
    if (!pattern[i].empty() && pattern[i][0] == ':') {
      if (path[i].empty()) return false;
      parameters.emplace_back(pattern[i].substr(1), path[i]);
    } else if (pattern[i] != path[i]) {
      return false;
    }
  }
  return pattern.size() == path.size();
}

Response InternalError(const Request& request, std::string_view what) {
  Log(LogLevel::kError, "A request handler failed",
      {{"path", request.path}, {"err", std::string(what)}});
  return Response::ApiError(500, "internal", "internal error, see the log");
}

}  // namespace

bool Router::Route::Allows(std::string_view method) const {
  const std::string_view wanted = method == "HEAD" ? "GET" : method;
  return std::find(methods.begin(), methods.end(), wanted) != methods.end() ||
         std::find(methods.begin(), methods.end(), method) != methods.end();
}

void Router::Add(std::vector<std::string> methods, std::string_view pattern, Lane lane,
                 Handler handler) {
  Route route{std::move(methods), std::string(pattern), {}, lane, std::move(handler)};
  for (const std::string_view segment : SplitPath(pattern)) route.segments.emplace_back(segment);
  routes_.push_back(std::move(route));
}

Router::Match Router::Find(std::string_view method, std::string_view path) const {
  Match match;
  std::vector<std::string> segments;
  for (const std::string_view raw : SplitPath(path)) {
    auto decoded = PercentDecode(raw, /*plus_is_space=*/false);
    if (!decoded) {
      match.has_bad_escape = true;
      return match;
    }
    segments.push_back(*std::move(decoded));
  }
  for (const Route& route : routes_) {
    std::vector<std::pair<std::string, std::string>> parameters;
    if (!SegmentsMatch(route.segments, segments, parameters)) continue;
    if (route.Allows(method)) {
      match.route = &route;
      match.parameters = std::move(parameters);
      return match;
    }
    // A pattern for any rest does not make a path known.
    if (route.segments.back() == "*") continue;
    match.allowed.insert(match.allowed.end(), route.methods.begin(), route.methods.end());
  }
  return match;
}

std::optional<std::string_view> Router::WithoutPrefix(std::string_view path) const {
  if (!path.starts_with(prefix_)) return std::nullopt;
  path.remove_prefix(prefix_.size());
  if (path.empty()) return "/";
  if (path[0] != '/') return std::nullopt;
  return path;
}

Lane Router::LaneFor(std::string_view method, std::string_view path) const {
  const auto below = WithoutPrefix(path);
  if (!below) return Lane::kHealth;
  const Match match = Find(method, *below);
  return match.route == nullptr ? Lane::kHealth : match.route->lane;
}

Response Router::Answer(const Match& match, const Request& request) const {
  if (match.has_bad_escape) return Response::PlainError(400, "400 Bad Request: bad URL escape");
  if (match.route != nullptr) {
    try {
      return match.route->handler(request);
    } catch (const std::bad_alloc&) {
      return InternalError(request, "out of memory");
    } catch (const std::exception& error) {
      return InternalError(request, error.what());
    }
  }
  if (match.allowed.empty()) return Response::PlainError(404, "404 page not found");
  std::vector<std::string> allowed = match.allowed;
  allowed.push_back("OPTIONS");
  std::sort(allowed.begin(), allowed.end());
  allowed.erase(std::unique(allowed.begin(), allowed.end()), allowed.end());
  Response response = request.method == "OPTIONS" ? Response::NoContent()
                                                  : Response::PlainError(405, "Method Not Allowed");
  response.SetHeader("Allow", absl::StrJoin(allowed, ", "));
  return response;
}

Response Router::Dispatch(Request& request) const {
  const auto start = std::chrono::steady_clock::now();
  const auto below = WithoutPrefix(request.path);
  Match match;
  Response response;
  if (!below) {
    const bool is_root = request.path == "/" && (request.method == "GET" || request.method == "HEAD");
    response = is_root ? Response::Redirect(prefix_) : Answer(match, request);
  } else {
    request.path = std::string(*below);
    match = Find(request.method, request.path);
    request.path_parameters = std::move(match.parameters);
    response = Answer(match, request);
  }
  for (const Finisher& finisher : finishers_) finisher(request, response);
  if (observer_) {
    const std::chrono::duration<double> elapsed = std::chrono::steady_clock::now() - start;
    observer_(match.route == nullptr ? std::string_view() : match.route->pattern, response.status,
              elapsed.count(), response.body.size());
  }
  return response;
}

}  // namespace sloburn::web
