// SPDX-License-Identifier: Apache-2.0
#include "tests/web/raw_client.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <utility>

#include "absl/time/clock.h"
#include "base/str_cat.h"

namespace sloburn::web {

std::string RawResponse::Header(std::string_view name) const {
  const std::string key = StrCat("\r\n", name, ": ");
  const size_t at = head.find(key);
  if (at == std::string::npos) return "";
  const size_t begin = at + key.size();
  return head.substr(begin, head.find("\r\n", begin) - begin);
}

RawClient::RawClient(int port) {
  fd_ = socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<uint16_t>(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (connect(fd_, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) Close();
}

RawClient::~RawClient() { Close(); }

void RawClient::Close() {
  if (fd_ >= 0) close(std::exchange(fd_, -1));
}

bool RawClient::Send(std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t sent = send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent <= 0) return false;
    bytes.remove_prefix(sent);
  }
  return true;
}

void RawClient::FinishSending() { shutdown(fd_, SHUT_WR); }

bool RawClient::Fill(absl::Time deadline) {
  pollfd watched{fd_, POLLIN, 0};
  const int64_t left_ms = absl::ToInt64Milliseconds(deadline - absl::Now());
  if (poll(&watched, 1, static_cast<int>(std::max<int64_t>(left_ms, 0))) <= 0) return false;
  char buffer[65536];
  const ssize_t got = recv(fd_, buffer, sizeof buffer, 0);
  if (got <= 0) return false;
  received_.append(buffer, got);
  return true;
}

RawResponse RawClient::Read(absl::Duration limit, bool has_body) {
  const absl::Time deadline = absl::Now() + limit;
  while (true) {
    size_t head_end;
    while ((head_end = received_.find("\r\n\r\n")) == std::string::npos) {
      if (!Fill(deadline)) return {};
    }
    RawResponse response;
    response.head = received_.substr(0, head_end + 2);
    received_.erase(0, head_end + 4);
    response.status = std::atoi(response.head.substr(9, 3).c_str());
    if (response.status == 100) {
      ++interim_answers_;
      continue;
    }
    const size_t length = std::strtoull(response.Header("Content-Length").c_str(), nullptr, 10);
    if (!has_body) return response;
    while (received_.size() < length) {
      if (!Fill(deadline)) return {};
    }
    response.body = received_.substr(0, length);
    received_.erase(0, length);
    return response;
  }
}

std::string RawClient::ReadAll(absl::Duration limit) {
  const absl::Time deadline = absl::Now() + limit;
  while (Fill(deadline)) {
  }
  return std::exchange(received_, std::string());
}

bool RawClient::WaitForClose(absl::Duration limit) {
  const absl::Time deadline = absl::Now() + limit;
  while (absl::Now() < deadline) {
    pollfd watched{fd_, POLLIN, 0};
    if (poll(&watched, 1, 50) <= 0) continue;
    char buffer[65536];
    if (recv(fd_, buffer, sizeof buffer, 0) <= 0) return true;
  }
  return false;
}

RawResponse Exchange(int port, std::string_view request, absl::Duration limit) {
  RawClient client(port);
  client.Send(request);
  return client.Read(limit);
}

RawResponse Get(int port, std::string_view target, std::string_view extra_headers) {
  return Exchange(port, StrCat("GET ", target, " HTTP/1.1\r\nHost: a\r\nConnection: close\r\n",
                               extra_headers, "\r\n"));
}

}  // namespace sloburn::web
