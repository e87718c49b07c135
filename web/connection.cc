// SPDX-License-Identifier: Apache-2.0
#include "web/connection.h"

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <optional>
#include <utility>

#include <boost/asio/buffer.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/ssl/error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/string_body.hpp>

#include "absl/strings/match.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "base/log.h"
#include "base/str_cat.h"
#include "web/body_channel.h"
#include "web/client_stream.h"
#include "web/io_deadline.h"
#include "web/listen_address.h"
#include "web/request_head.h"
#include "web/web_security.h"

namespace sloburn::web {
namespace {

namespace asio = boost::asio;
namespace http = boost::beast::http;
using asio::ip::tcp;
using boost::system::error_code;

constexpr size_t kWritePieceBytes = 256 << 10;
constexpr size_t kReadAheadBytes = 128 << 10;
// A refused client may still be sending; closing at once would make its system throw our answer
// away. So much is read and forgotten first, for so long.
constexpr int64_t kLingerBytes = 16 << 20;
constexpr absl::Duration kLingerTime = absl::Seconds(2);
constexpr std::chrono::milliseconds kWatchInterval(200);
// Answers below this are not counted against the memory of all.
constexpr size_t kSmallResponseBytes = 1 << 20;

int StatusOfParseError(const error_code& error, bool has_start_line) {
  if (error == http::error::header_limit) return has_start_line ? 431 : 414;
  if (error == http::error::body_limit) return 413;
  if (error == http::error::bad_version) return 505;
  return 400;
}

bool HasHungUp(int socket) {
  pollfd one{socket, POLLRDHUP, 0};
  return ::poll(&one, 1, 0) > 0;
}

class Connection : public RegisteredConnection, public std::enable_shared_from_this<Connection> {
 public:
  Connection(std::shared_ptr<ConnectionHost> host, tcp::socket socket)
      : host_(std::move(host)),
        stream_(std::move(socket), TlsOf(*host_)),
        deadline_(stream_.get_executor()),
        buffer_(HeadLimit() + kReadAheadBytes) {
    error_code ignored;
    const tcp::endpoint peer = stream_.socket().remote_endpoint(ignored);
    client_ = peer.address().to_string();
    remote_address_ = FormatHostPort(client_, peer.port());
    stream_.socket().set_option(tcp::no_delay(true), ignored);
  }

  ~Connection() override {
    ReleaseBody();
    ReleaseResponse();
  }

  void Start() {
    asio::post(stream_.get_executor(), [self = Self()] {
      self->stream_.is_tls() ? self->Handshake() : self->ReadHead(/*is_first=*/true);
    });
  }
  void Refuse() {
    asio::post(stream_.get_executor(), [self = Self()] {
      self->lingers_ = false;  // so many clients cannot be waited for
      if (self->stream_.is_tls()) return self->Close();
      self->FailRequest(503, "503 Service Unavailable: too many connections");
    });
  }

  int64_t WaitingSince() const override { return deadline_.waiting_since(); }

  void Abort() override {
    asio::post(stream_.get_executor(), [self = Self()] {
      self->CancelRequest();
      self->Close();
    });
  }
  void CloseWhenIdle() override {
    asio::post(stream_.get_executor(), [self = Self()] {
      if (self->is_between_requests_) self->Close();
    });
  }

 private:
  std::shared_ptr<Connection> Self() { return shared_from_this(); }
  const ServerOptions& options() const { return host_->options; }
  size_t HeadLimit() const { return options().max_uri_bytes + options().max_header_bytes + 64; }

  static std::shared_ptr<SSL_CTX> TlsOf(const ConnectionHost& host) {
    const auto& security = host.options.security;
    return security == nullptr ? nullptr : security->Current()->tls;
  }

  // --- time limits ---

  void Arm(absl::Duration limit) {
    deadline_.Arm(limit, [self = Self()] {
      ++self->host_->counters.timeouts;
      error_code ignored;
      self->stream_.socket().cancel(ignored);
    });
  }
  void Disarm() { deadline_.Disarm(); }

  // --- TLS ---

  void Handshake() {
    Arm(options().tls_handshake_timeout);
    stream_.async_handshake([self = Self()](const error_code& error) {
      self->Disarm();
      error ? self->OnHandshakeError(error) : self->ReadHead(/*is_first=*/true);
    });
  }

  void OnHandshakeError(const error_code& error) {
    ++host_->counters.tls_handshake_errors;
    Log(LogLevel::kDebug, "A TLS handshake failed",
        {{"client", remote_address_}, {"err", error.message()}});
    const bool is_plain = error.category() == asio::error::get_ssl_category() &&
                          ERR_GET_REASON(error.value()) == SSL_R_HTTP_REQUEST;
    if (!is_plain) return Close();
    // The words of Go's server, which operators know.
    static constexpr char kAnswer[] =
        "HTTP/1.0 400 Bad Request\r\n\r\nClient sent an HTTP request to an HTTPS server.\n";
    Arm(options().write_timeout);
    asio::async_write(stream_.socket(), asio::buffer(kAnswer, sizeof kAnswer - 1),
                      [self = Self()](const error_code& failed, size_t) {
                        self->Disarm();
                        failed ? self->Close() : self->StartLinger();
                      });
  }

  // --- reading ---

  void ReadHead(bool is_first) {
    parser_.emplace();
    parser_->header_limit(static_cast<std::uint32_t>(HeadLimit()));
    parser_->body_limit(boost::none);
    is_between_requests_ = buffer_.size() == 0;
    if (is_first || !is_between_requests_) return ParseHead();
    if (host_->is_stopping) return Close();
    Arm(options().idle_timeout);
    stream_.async_read_some(buffer_.prepare(4096),
                            [self = Self()](const error_code& error, size_t bytes) {
                              self->Disarm();
                              if (error) return self->Close();
                              self->buffer_.commit(bytes);
                              self->ParseHead();
                            });
  }

  void ParseHead() {
    Arm(options().header_timeout);
    http::async_read_header(stream_, buffer_, *parser_,
                            [self = Self()](const error_code& error, size_t) {
                              self->Disarm();
                              self->is_between_requests_ = false;
                              error ? self->OnReadError(error) : self->OnHead();
                            });
  }

  void OnReadError(const error_code& error) {
    if (deadline_.has_passed() && parser_->got_some()) {
      return FailRequest(408, "408 Request Timeout");
    }
    const bool is_ours = error.category() == make_error_code(http::error::bad_target).category();
    if (!is_ours || error == http::error::end_of_stream || !stream_.socket().is_open()) return Close();
    const int status = StatusOfParseError(error, !parser_->get().target().empty());
    if (status == 413) return FailTooLarge();
    FailRequest(status, StrCat(status, " ", ReasonPhrase(status), ": ", error.message()));
  }

  void OnHead() {
    const auto& message = parser_->get();
    RequestHead head{
        std::string(message.target()), static_cast<int>(message.version()), parser_->chunked(), {}};
    for (const auto& field : message) {
      head.headers.push_back({std::string(field.name_string()), std::string(field.value())});
    }
    if (std::optional<Response> refusal = RefuseHead(head, options())) {
      return Fail(*std::move(refusal));
    }
    request_ = Request();
    if (!SplitTarget(head.target, &request_.path, &request_.query)) {
      return FailRequest(400, "400 Bad Request: the target is not a path");
    }
    version_ = head.version;
    request_.method = std::string(message.method_string());
    request_.headers = std::move(head.headers);
    request_.remote_address = remote_address_;
    lane_ = host_->router.LaneFor(request_.method, request_.path);
    options().security == nullptr ? AdmitBody() : CheckLogin();
  }

  // --- login ---

  // Before the body is read: strangers shall not have it stored.
  void CheckLogin() {
    WebSecurity& security = *options().security;
    state_ = security.Current();
    if (!security.AdmitRequest(state_->rate_limit)) {
      return Refuse(Response::PlainError(429, ReasonPhrase(429)));
    }
    if (state_->users.empty()) return AdmitBody();
    const std::optional<Login> login = ParseBasicAuth(request_.FindHeader("Authorization"));
    if (!login) return OnVerdict(PasswordVerdict::kRefused);
    const std::string* const hash = state_->HashOf(login->user);
    const std::optional<PasswordVerdict> verdict = security.passwords().Check(
        *login, hash, hash == nullptr ? state_->DecoyFor(login->user) : "", client_,
        [self = Self()](PasswordVerdict late) {
          asio::post(self->stream_.get_executor(), [self, late] { self->OnVerdict(late); });
        });
    if (verdict) OnVerdict(*verdict);
  }

  void OnVerdict(PasswordVerdict verdict) {
    if (!stream_.socket().is_open()) return Close();
    if (verdict == PasswordVerdict::kAccepted) return AdmitBody();
    if (verdict == PasswordVerdict::kBusy) {
      Response busy = Response::PlainError(503, "503 Service Unavailable: too many logins");
      busy.SetHeader("Retry-After", "1");
      return Refuse(std::move(busy));
    }
    ++host_->counters.unauthorized;
    Response refusal = Response::PlainError(401, ReasonPhrase(401));
    refusal.SetHeader("WWW-Authenticate", "Basic");
    Refuse(std::move(refusal));
  }

  // The connection goes on where no body follows.
  void Refuse(Response response) {
    if (!parser_->is_done()) return Fail(std::move(response));
    keeps_alive_ = parser_->get().keep_alive();
    is_head_ = request_.method == "HEAD";
    response.SetHeader("X-Content-Type-Options", "nosniff");
    Write(std::move(response));
  }

  // Bodies of samples and of what is asked about them, in snappy; errors are plain text.
  bool IsRemoteProtocol() const { return lane_ == Lane::kWrite || lane_ == Lane::kRead; }

  int64_t BodyLimit() const {
    return IsRemoteProtocol() ? options().max_write_body_bytes : options().max_body_bytes;
  }

  void AdmitBody() {
    const int64_t limit = BodyLimit();
    const auto length = parser_->content_length();
    if (length && *length > static_cast<uint64_t>(limit)) {
      return FailTooLarge();
    }
    const int64_t room = parser_->chunked() ? limit : length ? static_cast<int64_t>(*length) : 0;
    if (!host_->ReserveBody(room)) {
      Response busy = Response::PlainError(503, "503 Service Unavailable: too many request bodies");
      busy.SetHeader("Retry-After", "1");
      return Fail(std::move(busy));
    }
    reserved_body_bytes_ = room;
    parser_->body_limit(static_cast<uint64_t>(limit));
    if (parser_->is_done()) return OnRequest();
    if (version_ >= 11 && !request_.FindHeader("Expect").empty()) return SendContinue();
    ReadBody();
  }

  void SendContinue() {
    static constexpr char kContinue[] = "HTTP/1.1 100 Continue\r\n\r\n";
    Arm(options().write_timeout);
    asio::async_write(stream_, asio::buffer(kContinue, sizeof kContinue - 1),
                      [self = Self()](const error_code& error, size_t) {
                        self->Disarm();
                        error ? self->Close() : self->ReadBody();
                      });
  }

  void ReadBody() {
    Arm(options().body_timeout);
    http::async_read(stream_, buffer_, *parser_, [self = Self()](const error_code& error, size_t) {
      self->Disarm();
      error ? self->OnReadError(error) : self->OnRequest();
    });
  }

  // --- answering ---

  void OnRequest() {
    keeps_alive_ = parser_->get().keep_alive();
    request_.body = std::move(parser_->get().body());
    is_head_ = request_.method == "HEAD";
    if (lane_ == Lane::kHealth) return Write(host_->router.Dispatch(request_));
    cancelled_ = request_.cancelled;
    WatchClient();
    LimitRequest();
    const absl::Time queued = absl::Now();
    auto request = std::make_shared<Request>(std::move(request_));
    host_->PoolOf(lane_).Submit([self = Self(), request, queued] {
      request->queue_time = absl::Now() - queued;
      auto response = std::make_shared<Response>(
          request->cancelled->load() ? Response::PlainError(499, "Client Closed Request")
                                     : self->host_->router.Dispatch(*request));
      const auto write_body = response->write_body;
      const auto channel =
          write_body == nullptr || self->is_head_ ? nullptr : self->NewChannel();
      asio::post(self->stream_.get_executor(), [self, response, channel] {
        self->cancelled_.reset();
        self->request_timer_.cancel();
        if (self->is_late_) *response = self->TooLate();
        error_code ignored;
        self->stream_.socket().cancel(ignored);  // ends WatchClient
        self->watch_timer_.cancel();
        self->channel_ = self->is_late_ ? nullptr : channel;
        if (self->is_late_ && channel != nullptr) channel->Close();
        self->Write(std::move(*response));
      });
      if (channel != nullptr) channel->Run(write_body);
    });
  }

  // The handler sees that it is cancelled, and ends.
  void LimitRequest() {
    is_late_ = false;
    request_timer_.expires_after(absl::ToChronoMilliseconds(options().request_timeout));
    request_timer_.async_wait([self = Self(), cancelled = cancelled_](const error_code& error) {
      if (error || self->cancelled_ != cancelled) return;
      ++self->host_->counters.timeouts;
      self->is_late_ = true;
      self->CancelRequest();
    });
  }

  Response TooLate() const {
    return Response::ApiError(
        503, "timeout",
        StrCat("the request took longer than --web.request-timeout=",
               absl::FormatDuration(options().request_timeout)));
  }

  // --- streamed bodies ---

  std::shared_ptr<BodyChannel> NewChannel() {
    return std::make_shared<BodyChannel>([self = Self()] {
      asio::post(self->stream_.get_executor(), [self] {
        if (self->is_waiting_for_piece_) self->WriteNextPiece();
      });
    });
  }

  void WriteNextPiece() {
    const BodyChannel::State state =
        channel_->Take(/*is_chunked=*/version_ >= 11, head_text_, body_);
    is_waiting_for_piece_ = state == BodyChannel::State::kNothingYet;
    if (is_waiting_for_piece_) return;
    if (state == BodyChannel::State::kBroken) return Close();
    if (state == BodyChannel::State::kComplete) channel_.reset();
    written_ = 0;
    WritePiece();
  }

  // Learns while the handler runs that the client has hung up.
  void WatchClient() {
    if (buffer_.size() > 0) return;  // the next request is here already
    stream_.socket().async_wait(tcp::socket::wait_read, [self = Self()](const error_code& error) {
      if (error || self->cancelled_ == nullptr) return;
      const int socket = self->stream_.socket().native_handle();
      char byte;
      const ssize_t got = ::recv(socket, &byte, 1, MSG_PEEK | MSG_DONTWAIT);
      if (got > 0 && !self->stream_.is_tls()) return;
      if (got > 0 && !HasHungUp(socket)) return self->WatchClientLater();
      if (got < 0 && (errno == EAGAIN || errno == EINTR)) return self->WatchClient();
      self->CancelRequest();
    });
  }

  // What TLS brought may be the next request or a farewell; only the end of the stream tells.
  void WatchClientLater() {
    watch_timer_.expires_after(kWatchInterval);
    watch_timer_.async_wait([self = Self()](const error_code& error) {
      if (!error && self->cancelled_ != nullptr) self->WatchClient();
    });
  }

  void CancelRequest() {
    if (cancelled_ != nullptr) cancelled_->store(true);
  }

  // Clients of the query API read JSON whatever the status; senders of samples log the text.
  void FailTooLarge() {
    const auto path = host_->router.WithoutPrefix(request_.path);
    if (!path || !path->starts_with("/api/v1/") || IsRemoteProtocol()) {
      return FailRequest(413, "413 Request Entity Too Large");
    }
    Fail(Response::ApiError(
        413, "bad_data", StrCat("the request body is above the limit of ", BodyLimit(), " bytes")));
  }

  void FailRequest(int status, std::string_view message) {
    Fail(Response::PlainError(status, message));
  }

  // Answers and closes: what follows on the connection cannot be trusted.
  void Fail(Response response) {
    ++host_->counters.bad_requests;
    keeps_alive_ = false;
    is_head_ = false;
    response.SetHeader("X-Content-Type-Options", "nosniff");
    Write(std::move(response));
  }

  void Write(Response response) {
    if (!stream_.socket().is_open()) return Close();
    // Before chunks were invented, the end of the connection was the end of a body.
    if (channel_ != nullptr && version_ < 11) keeps_alive_ = false;
    keeps_alive_ = keeps_alive_ && !host_->is_stopping;
    if (state_ != nullptr) {
      for (const Header& header : state_->headers) {
        if (response.FindHeader(header.name).empty()) response.headers.push_back(header);
      }
    }
    LimitMemory(response);
    head_text_ = WriteResponseHead(response, version_, keeps_alive_);
    body_ = is_head_ || response.status == 204 ? std::string() : std::move(response.body);
    write_deadline_ = std::chrono::steady_clock::now() +
                      absl::ToChronoMilliseconds(options().response_timeout);
    written_ = 0;
    WritePiece();
  }

  void LimitMemory(Response& response) {
    if (response.body.size() < kSmallResponseBytes) return;
    const auto bytes = static_cast<int64_t>(response.body.size());
    if (host_->ReserveResponse(bytes)) {
      reserved_response_bytes_ = bytes;
      return;
    }
    response = Response::ApiError(503, "unavailable",
                                  "the answers that other clients are reading fill "
                                  "--web.max-buffered-responses; try again");
    response.SetHeader("Retry-After", "1");
  }

  void WritePiece() {
    if (write_deadline_ < std::chrono::steady_clock::now()) {
      ++host_->counters.timeouts;
      return Close();
    }
    const size_t size = std::min(kWritePieceBytes, body_.size() - written_);
    const std::array<asio::const_buffer, 2> pieces = {asio::buffer(head_text_),
                                                      asio::buffer(body_.data() + written_, size)};
    Arm(options().write_timeout);
    asio::async_write(stream_, pieces, [self = Self(), size](const error_code& error, size_t) {
      self->Disarm();
      if (error) return self->Close();
      self->head_text_.clear();
      self->written_ += size;
      self->written_ < self->body_.size() ? self->WritePiece() : self->OnWritten();
    });
  }

  void OnWritten() {
    body_ = std::string();
    if (channel_ != nullptr) return WriteNextPiece();
    ReleaseBody();
    ReleaseResponse();
    if (keeps_alive_) return ReadHead(/*is_first=*/false);
    if (!lingers_) return Close();
    if (!stream_.is_tls()) return StartLinger();
    Arm(kLingerTime);
    stream_.async_shutdown([self = Self()](const error_code&) {
      self->Disarm();
      self->StartLinger();
    });
  }

  void StartLinger() {
    if (!stream_.socket().is_open()) return Close();
    error_code ignored;
    stream_.socket().shutdown(tcp::socket::shutdown_send, ignored);
    linger_bytes_left_ = kLingerBytes;
    buffer_.clear();
    Arm(kLingerTime);
    Linger();
  }

  void Linger() {
    stream_.socket().async_read_some(
        buffer_.prepare(kReadAheadBytes / 2),
        [self = Self()](const error_code& error, size_t bytes) {
          self->linger_bytes_left_ -= static_cast<int64_t>(bytes);
          if (!error && self->linger_bytes_left_ > 0) return self->Linger();
          self->Disarm();
          self->Close();
        });
  }

  void ReleaseResponse() {
    host_->ReleaseResponse(std::exchange(reserved_response_bytes_, 0));
  }
  void ReleaseBody() { host_->ReleaseBody(std::exchange(reserved_body_bytes_, 0)); }

  void Close() {
    error_code ignored;
    if (stream_.socket().is_open()) stream_.socket().close(ignored);
    watch_timer_.cancel();
    request_timer_.cancel();
    Disarm();
    is_waiting_for_piece_ = false;
    if (channel_ != nullptr) std::exchange(channel_, nullptr)->Close();
    host_->Unregister(this);
  }

  const std::shared_ptr<ConnectionHost> host_;
  ClientStream stream_;
  IoDeadline deadline_;
  asio::steady_timer watch_timer_{stream_.get_executor()};
  asio::steady_timer request_timer_{stream_.get_executor()};
  std::string client_, remote_address_;  // without and with the port
  std::shared_ptr<const WebSecurityState> state_;  // of the last request; may be null

  boost::beast::flat_buffer buffer_;
  std::optional<http::request_parser<http::string_body>> parser_;
  bool is_between_requests_ = true;
  int version_ = 11;
  Lane lane_ = Lane::kHealth;
  Request request_;
  std::shared_ptr<std::atomic<bool>> cancelled_;  // of the request under way on a pool
  int64_t reserved_body_bytes_ = 0, reserved_response_bytes_ = 0;
  bool is_late_ = false;  // the request under way was cancelled for its time

  bool keeps_alive_ = false;
  bool is_head_ = false;
  bool lingers_ = true;
  std::string head_text_, body_;
  size_t written_ = 0;
  std::chrono::steady_clock::time_point write_deadline_;
  std::shared_ptr<BodyChannel> channel_;  // of a body that is still being made
  bool is_waiting_for_piece_ = false;
  int64_t linger_bytes_left_ = 0;
};

}  // namespace

void StartConnection(std::shared_ptr<ConnectionHost> host, tcp::socket socket) {
  ConnectionHost& shared = *host;
  auto connection = std::make_shared<Connection>(std::move(host), std::move(socket));
  ++shared.counters.accepted;
  if (shared.Register(connection)) return connection->Start();
  ++shared.counters.refused;
  connection->Refuse();
}

}  // namespace sloburn::web
