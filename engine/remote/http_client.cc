// SPDX-License-Identifier: Apache-2.0
#include "engine/remote/http_client.h"

#include <algorithm>
#include <fstream>
#include <optional>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_replace.h"
#include "absl/time/clock.h"
#include "base/status_macros.h"
#include "base/str_cat.h"
#include "base/utf8.h"
#include "engine/remote/gzip_decoder.h"
#include "engine/remote/http_connection.h"

namespace sloburn::remote {
namespace {

constexpr size_t kMaxErrorBodyBytes = 64 << 10;
constexpr size_t kMaxSecretBytes = 64 << 10;
constexpr char kMayHaveArrived[] = "may_have_arrived";  // a payload of errors
// Shorter ones stand in any text.
constexpr size_t kShortestSecret = 4;

absl::StatusOr<std::string> ReadSecretFile(const std::string& file) {
  std::ifstream in(file, std::ios::binary);
  std::string content(kMaxSecretBytes, '\0');
  if (in) in.read(content.data(), static_cast<std::streamsize>(content.size()));
  if (in.bad() || !in.is_open()) {
    return absl::NotFoundError(StrCat("cannot read the credentials file ", file));
  }
  content.resize(static_cast<size_t>(in.gcount()));
  return content;
}

bool HoldsLineBreak(std::string_view text) {
  return text.find_first_of(std::string_view("\r\n\0", 3)) != std::string_view::npos;
}

// One line for each name, as HTTP allows.
void JoinEqualNames(HttpHeaders& headers) {
  HttpHeaders joined;
  for (auto& [name, value] : headers) {
    const auto same = std::find_if(joined.begin(), joined.end(), [&name = name](const auto& one) {
      return absl::EqualsIgnoreCase(one.first, name);
    });
    if (same == joined.end()) {
      joined.emplace_back(std::move(name), std::move(value));
    } else {
      StrAppend(&same->second, ", ", value);
    }
  }
  headers = std::move(joined);
}

// What a file holds, without one final line end; `value` where no file is named.
absl::StatusOr<std::string> ValueOrFile(const std::string& value, const std::string& file) {
  if (file.empty()) return value;
  ASSIGN_OR_RETURN(std::string text, ReadSecretFile(file));
  if (absl::EndsWith(text, "\n")) text.pop_back();
  if (absl::EndsWith(text, "\r")) text.pop_back();
  return text;
}

absl::Status CheckOptions(const HttpClientOptions& options) {
  const bool has_authorization =
      !options.authorization.credentials.empty() || !options.authorization.credentials_file.empty();
  if (options.basic_auth.is_used() && has_authorization) {
    return absl::InvalidArgumentError("at most one of basic_auth and authorization may be given");
  }
  if (!options.basic_auth.username.empty() && !options.basic_auth.username_file.empty()) {
    return absl::InvalidArgumentError(
        "basic_auth: at most one of username and username_file may be given");
  }
  if (!options.basic_auth.password.empty() && !options.basic_auth.password_file.empty()) {
    return absl::InvalidArgumentError(
        "basic_auth: at most one of password and password_file may be given");
  }
  if (!options.authorization.credentials.empty() &&
      !options.authorization.credentials_file.empty()) {
    return absl::InvalidArgumentError(
        "authorization: at most one of credentials and credentials_file may be given");
  }
  for (const auto& [name, value] : options.headers) {
    if (name.empty() || HoldsLineBreak(name) || HoldsLineBreak(value)) {
      return absl::InvalidArgumentError(StrCat("bad extra header ", GoQuote(name)));
    }
  }
  return absl::OkStatus();
}

}  // namespace

std::string_view HttpResponse::Header(std::string_view name) const {
  for (const auto& [key, value] : headers) {
    if (key == name) return value;
  }
  return "";
}

// Takes an idle connection or makes one, and lists it as active so that Cancel finds it.
class HttpClient::Lease {
 public:
  Lease(HttpClient* client, bool fresh) : client_(client) {
    absl::MutexLock lock(&client_->mutex_);
    is_cancelled_ = client_->is_cancelled_;
    if (!fresh && !client_->idle_.empty()) {
      connection_ = std::move(client_->idle_.back());
      client_->idle_.pop_back();
      is_used_ = true;
    } else {
      connection_ = std::make_unique<HttpConnection>(client_->url_, client_->tls_.get());
    }
    client_->active_.push_back(connection_.get());
  }

  ~Lease() {
    absl::MutexLock lock(&client_->mutex_);
    auto& active = client_->active_;
    active.erase(std::find(active.begin(), active.end(), connection_.get()));
    if (is_finished && connection_->can_be_reused() && !client_->is_cancelled_ &&
        client_->idle_.size() < client_->options_.max_idle_connections) {
      client_->idle_.push_back(std::move(connection_));
    }
  }

  HttpConnection& connection() { return *connection_; }
  bool is_used() const { return is_used_; }
  bool is_cancelled() const { return is_cancelled_; }

  bool is_connected = false;
  bool is_finished = false;  // the answer was read to its end

 private:
  HttpClient* const client_;
  std::unique_ptr<HttpConnection> connection_;
  bool is_used_ = false;
  bool is_cancelled_ = false;
};

HttpClient::HttpClient(HttpClientOptions options, Url url, std::unique_ptr<TlsContext> tls)
    : options_(std::move(options)), url_(std::move(url)), tls_(std::move(tls)) {}
HttpClient::~HttpClient() = default;

absl::StatusOr<std::unique_ptr<HttpClient>> HttpClient::Create(HttpClientOptions options) {
  ASSIGN_OR_RETURN(Url url, ParseUrl(options.url));
  RETURN_IF_ERROR(CheckOptions(options));
  if (!options.basic_auth.is_used() && !url.username.empty() &&
      options.authorization.credentials.empty() && options.authorization.credentials_file.empty()) {
    options.basic_auth = {url.username, url.password};
  }
  std::unique_ptr<TlsContext> tls;
  if (url.is_https) {
    ASSIGN_OR_RETURN(tls, TlsContext::Create(options.tls, url.host));
  }
  std::unique_ptr<HttpClient> client(
      new HttpClient(std::move(options), std::move(url), std::move(tls)));
  RETURN_IF_ERROR(client->RequestHeaders({}).status());  // files that are missing show at once
  return client;
}

absl::StatusOr<HttpHeaders> HttpClient::RequestHeaders(const HttpRequest& request) const {
  HttpHeaders headers = options_.headers;
  for (const auto& [name, file] : options_.header_files) {
    ASSIGN_OR_RETURN(std::string value, ReadSecretFile(file));
    absl::StripAsciiWhitespace(&value);
    if (HoldsLineBreak(value)) {
      return absl::InvalidArgumentError(StrCat("header file ", file, " holds a line break"));
    }
    headers.emplace_back(name, std::move(value));
  }
  JoinEqualNames(headers);
  headers.emplace_back("User-Agent", options_.user_agent);
  headers.emplace_back("Accept-Encoding", request.accept_gzip ? "gzip" : "identity");
  headers.insert(headers.end(), request.headers.begin(), request.headers.end());
  if (const BasicAuth& basic = options_.basic_auth; basic.is_used()) {
    ASSIGN_OR_RETURN(const std::string username, ValueOrFile(basic.username, basic.username_file));
    ASSIGN_OR_RETURN(const std::string password, ValueOrFile(basic.password, basic.password_file));
    headers.emplace_back("Authorization",
                         StrCat("Basic ", absl::Base64Escape(StrCat(username, ":", password))));
  }
  const Authorization& authorization = options_.authorization;
  std::string credentials = authorization.credentials;
  if (!authorization.credentials_file.empty()) {
    ASSIGN_OR_RETURN(credentials, ReadSecretFile(authorization.credentials_file));
    absl::StripAsciiWhitespace(&credentials);
  }
  if (!credentials.empty()) {
    if (HoldsLineBreak(credentials)) {
      return absl::InvalidArgumentError("the credentials hold a line break");
    }
    headers.emplace_back("Authorization", StrCat(authorization.type, " ", credentials));
  }
  return headers;
}

std::string HttpClient::Target(const HttpRequest& request) const {
  std::string target = url_.path;
  if (!request.path.empty()) {
    while (absl::EndsWith(target, "/")) target.pop_back();
    target += request.path;
  }
  std::string query = url_.query;
  if (!query.empty() && !request.query.empty()) query += '&';
  query += request.query;
  return query.empty() ? target : StrCat(target, "?", query);
}

absl::StatusOr<HttpResponse> HttpClient::Send(const HttpRequest& request) {
  return WithoutSecrets(Run(request, {}));
}

absl::StatusOr<HttpResponse> HttpClient::SendStreamed(const HttpRequest& request,
                                                      const HeadReceiver& on_head,
                                                      const BodyReceiver& on_body) {
  return WithoutSecrets(Run(request, {&on_head, &on_body}));
}

absl::StatusOr<HttpResponse> HttpClient::WithoutSecrets(
    absl::StatusOr<HttpResponse> response) const {
  if (!response.ok() || response->status / 100 == 2 || response->body.empty()) return response;
  std::vector<std::string> secrets = {options_.basic_auth.password,
                                      options_.authorization.credentials};
  if (!options_.basic_auth.password_file.empty()) {
    secrets.push_back(ValueOrFile("", options_.basic_auth.password_file).value_or(""));
  }
  for (const auto& [name, value] : RequestHeaders({}).value_or(HttpHeaders())) {
    if (name == "User-Agent" || name == "Accept-Encoding") continue;
    secrets.push_back(value);
    // Of "Bearer xyz" the second part alone is told too.
    secrets.push_back(value.substr(value.find(' ') + 1));
  }
  // The longest first: one may be a part of another.
  std::sort(secrets.begin(), secrets.end(),
            [](const std::string& a, const std::string& b) { return a.size() > b.size(); });
  for (const std::string& secret : secrets) {
    if (secret.size() < kShortestSecret) break;
    absl::StrReplaceAll({{secret, "<secret>"}}, &response->body);
  }
  return response;
}

absl::StatusOr<HttpResponse> HttpClient::Run(const HttpRequest& request,
                                             const Receivers& receivers) {
  ASSIGN_OR_RETURN(const HttpHeaders headers, RequestHeaders(request));
  const absl::Time deadline =
      absl::Now() + (request.total_timeout > absl::ZeroDuration() ? request.total_timeout
                                                                  : options_.total_timeout);
  bool may_have_arrived = false;
  for (const bool fresh : {false, true}) {
    Lease lease(this, fresh);
    if (lease.is_cancelled()) return absl::CancelledError(StrCat(url_.Redacted(), ": cancelled"));
    absl::StatusOr<HttpResponse> response = RunOn(lease, request, headers, deadline, receivers);
    if (response.ok()) {
      response->was_repeated = may_have_arrived;
      return response;
    }
    may_have_arrived = may_have_arrived || lease.is_connected;
    const absl::Status& status = response.status();
    const bool was_closed_while_idle =
        lease.is_used() && absl::IsUnavailable(status) && !lease.connection().has_answer_begun();
    if (!was_closed_while_idle) {
      absl::Status error(status.code(), StrCat(url_.Redacted(), request.path, ": ",
                                               std::string_view(status.message().data(),
                                                                status.message().size())));
      if (may_have_arrived) error.SetPayload(kMayHaveArrived, absl::Cord());
      return error;
    }
  }
  return absl::InternalError("a fresh connection cannot have been idle");
}

absl::StatusOr<HttpResponse> HttpClient::RunOn(Lease& lease, const HttpRequest& request,
                                               const HttpHeaders& headers, absl::Time deadline,
                                               const Receivers& receivers) {
  const HttpConnection::Limits limits{deadline, options_.connect_timeout, options_.idle_timeout,
                                      options_.max_head_bytes};
  HttpConnection& connection = lease.connection();
  if (!lease.is_used()) RETURN_IF_ERROR(connection.Open(limits));
  lease.is_connected = true;
  ASSIGN_OR_RETURN(HttpResponse response,
                   connection.Exchange(request, Target(request), headers, limits));
  const absl::Status received =
      ReceiveBody(connection, deadline, receivers, request.needs_body, response);
  if (request.needs_body) RETURN_IF_ERROR(received);
  lease.is_finished = received.ok();
  return response;
}

absl::Status HttpClient::ReceiveBody(HttpConnection& connection, absl::Time deadline,
                                     const Receivers& receivers, bool needs_body,
                                     HttpResponse& response) {
  const HttpConnection::Limits limits{deadline, options_.connect_timeout, options_.idle_timeout,
                                      options_.max_head_bytes};
  const bool is_good = response.status / 100 == 2;
  const bool is_streamed = is_good && receivers.on_body != nullptr;
  const std::string_view encoding = response.Header("content-encoding");
  const bool is_gzip = encoding == "gzip" || encoding == "x-gzip";
  if (is_streamed) {
    if (!connection.is_length_known()) {
      return absl::UnavailableError(
          "the server does not say where its answer ends (a proxy that speaks HTTP/1.0?)");
    }
    RETURN_IF_ERROR((*receivers.on_head)(response));
  }
  // The words of an error need no more; the rest of them is left unread.
  const bool is_whole = is_good && needs_body;
  const size_t room = is_whole ? options_.max_response_bytes : kMaxErrorBodyBytes;
  bool is_cut = false;
  const BodyReceiver keep = [&](std::string_view piece) {
    if (response.body.size() + piece.size() > room) {
      if (is_whole) {
        return absl::ResourceExhaustedError(
            StrCat("the answer is larger than the limit of ", room, " bytes"));
      }
      is_cut = true;
      piece = piece.substr(0, room - response.body.size());
    }
    response.body += piece;
    return absl::OkStatus();
  };
  const BodyReceiver& receive = is_streamed ? *receivers.on_body : keep;
  std::optional<GzipDecoder> gzip;
  if (is_gzip) {
    gzip.emplace(is_streamed ? std::numeric_limits<size_t>::max() : options_.max_response_bytes);
  }
  while (!is_cut) {
    ASSIGN_OR_RETURN(const std::string_view piece, connection.ReadBody(limits));
    if (piece.empty()) return gzip && is_good ? gzip->Finish() : absl::OkStatus();
    RETURN_IF_ERROR(gzip ? gzip->Feed(piece, receive) : receive(piece));
  }
  return absl::OkStatus();
}

absl::StatusOr<HttpResponse> HttpClient::Get(std::string_view path, std::string_view query) {
  HttpRequest request;
  request.path = path;
  request.query = query;
  return Send(request);
}

absl::StatusOr<HttpResponse> HttpClient::Post(std::string_view path, std::string body,
                                              std::string_view content_type, HttpHeaders headers) {
  HttpRequest request;
  request.method = "POST";
  request.path = path;
  request.headers = std::move(headers);
  request.headers.emplace_back("Content-Type", content_type);
  request.body = std::move(body);
  return Send(request);
}

absl::Status HttpClient::ToStatus(const HttpResponse& response, std::string_view path) const {
  const int status = response.status;
  if (status / 100 == 2) return absl::OkStatus();
  std::string text = StrCat(url_.Redacted(), path, " answered ", status);
  if (status / 100 == 3) {
    return absl::FailedPreconditionError(
        StrCat(text, ", a redirect, which is not followed; configure the URL it leads to"));
  }
  const std::string words = ServerWords(response.body);
  if (!words.empty()) StrAppend(&text, ": ", words);
  switch (status) {
    case 401:
      return absl::UnauthenticatedError(text);
    case 403:
      return absl::PermissionDeniedError(text);
    case 404:
      return absl::NotFoundError(text);
    case 408:
    case 504:
      return absl::DeadlineExceededError(text);
    case 429:
      return absl::UnavailableError(text);
  }
  return status >= 500 ? absl::UnavailableError(text) : absl::InvalidArgumentError(text);
}

void HttpClient::Cancel() {
  absl::MutexLock lock(&mutex_);
  is_cancelled_ = true;
  for (HttpConnection* connection : active_) connection->Cancel();
  idle_.clear();
}

bool MayHaveArrived(const absl::Status& error) {
  return error.GetPayload(kMayHaveArrived).has_value();
}

std::string ServerWords(std::string_view body, size_t max_bytes) {
  std::string words;
  bool is_space = true;  // leading white space is dropped, runs become one space
  while (!body.empty() && words.size() < max_bytes) {
    const Utf8Rune rune = DecodeUtf8(body);
    const std::string_view bytes = body.substr(0, rune.size);
    body.remove_prefix(rune.size);
    if (!rune.is_valid) {
      words += '?';
      is_space = false;
    } else if (rune.code <= ' ' || (rune.code >= 0x7f && rune.code < 0xa0)) {
      if (!is_space) words += ' ';
      is_space = true;
    } else {
      words += bytes;
      is_space = false;
    }
  }
  while (absl::EndsWith(words, " ")) words.pop_back();
  if (!body.empty()) words += "...";
  return words;
}

}  // namespace sloburn::remote
