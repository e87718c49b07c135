// SPDX-License-Identifier: Apache-2.0
#include "tests/engine/remote/fake_server.h"

#include <arpa/inet.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdlib>

#include "absl/strings/ascii.h"
#include "absl/time/clock.h"
#include "base/check.h"
#include "base/str_cat.h"

namespace sloburn::remote {

std::string FakeRequest::Header(std::string_view name) const {
  const std::string lower = absl::AsciiStrToLower(head);
  const std::string wanted = StrCat("\r\n", absl::AsciiStrToLower(ToAbsl(name)), ": ");
  const size_t at = lower.find(wanted);
  if (at == std::string::npos) return "";
  const size_t begin = at + wanted.size();
  return head.substr(begin, head.find("\r\n", begin) - begin);
}

FakeAnswer Answer(int status, std::string_view body, std::string_view headers) {
  return {StrCat("HTTP/1.1 ", status, " Whatever\r\nContent-Length: ", body.size(), "\r\n", headers,
                 "\r\n", body)};
}

FakeServer::FakeServer(Handler handler, int port) : handler_(std::move(handler)) {
  listener_ = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const int on = 1;
  setsockopt(listener_, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(static_cast<uint16_t>(port));
  CHECK(bind(listener_, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0);
  CHECK(listen(listener_, 16) == 0);
  socklen_t size = sizeof address;
  getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size);
  port_ = ntohs(address.sin_port);
  acceptor_ = std::thread([this] { Accept(); });
}

FakeServer::~FakeServer() {
  stops_ = true;
  acceptor_.join();
  for (std::thread& thread : threads_) thread.join();
  close(listener_);
}

std::string FakeServer::url(std::string_view path) const {
  return StrCat("http://127.0.0.1:", port_, path);
}

std::vector<FakeRequest> FakeServer::requests() const {
  absl::MutexLock lock(&mutex_);
  return requests_;
}

void FakeServer::Accept() {
  while (!stops_) {
    pollfd waiting{listener_, POLLIN, 0};
    if (poll(&waiting, 1, 20) <= 0) continue;
    const int fd = accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
    if (fd < 0) continue;
    ++connections_;
    threads_.emplace_back([this, fd] { Serve(fd); });
  }
}

bool FakeServer::Read(int fd, std::string& buffer) const {
  while (!stops_) {
    pollfd waiting{fd, POLLIN, 0};
    if (poll(&waiting, 1, 20) <= 0) continue;
    char piece[16 << 10];
    const ssize_t size = recv(fd, piece, sizeof piece, 0);
    if (size <= 0) return false;
    buffer.append(piece, static_cast<size_t>(size));
    return true;
  }
  return false;
}

void FakeServer::Serve(int fd) {
  std::string buffer;
  bool is_open = true;
  while (is_open) {
    size_t end = 0;
    while ((end = buffer.find("\r\n\r\n")) == std::string::npos && (is_open = Read(fd, buffer))) {
    }
    if (!is_open) break;
    FakeRequest request;
    request.head = buffer.substr(0, end + 2);
    const size_t length = std::strtoul(request.Header("content-length").c_str(), nullptr, 10);
    while (buffer.size() < end + 4 + length && (is_open = Read(fd, buffer))) {
    }
    if (!is_open) break;
    request.method = request.head.substr(0, request.head.find(' '));
    const size_t target = request.method.size() + 1;
    request.target = request.head.substr(target, request.head.find(' ', target) - target);
    request.body = buffer.substr(end + 4, length);
    buffer.erase(0, end + 4 + length);
    FakeAnswer answer;
    {
      absl::MutexLock lock(&mutex_);
      requests_.push_back(request);
      answer = handler_(request);
    }
    for (absl::Duration waited; waited < answer.delay && !stops_; waited += absl::Milliseconds(5)) {
      absl::SleepFor(absl::Milliseconds(5));
    }
    const size_t step =
        answer.pause > absl::ZeroDuration() ? 1 : std::max<size_t>(answer.bytes.size(), 1);
    for (size_t sent = 0; sent < answer.bytes.size() && !stops_;) {
      const size_t count = std::min(step, answer.bytes.size() - sent);
      const ssize_t size = send(fd, answer.bytes.data() + sent, count, MSG_NOSIGNAL);
      if (size <= 0) break;
      sent += static_cast<size_t>(size);
      absl::SleepFor(answer.pause);
    }
    is_open = !answer.closes;
  }
  close(fd);
}

}  // namespace sloburn::remote
