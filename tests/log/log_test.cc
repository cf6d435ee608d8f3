#include "gate/log/log.h"

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <nlohmann/json.hpp>
#include <sstream>
#include <string>
#include <thread>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace gate {
namespace {

nlohmann::json Line(std::initializer_list<LogField> fields) {
  return nlohmann::json::parse(
      FormatLogLine(LogLevel::kInfo, absl::FromUnixMillis(1'750'000'000'123), "message", fields),
      nullptr, false);
}

TEST(LogTest, ALineIsOneJsonObject) {
  EXPECT_EQ(FormatLogLine(LogLevel::kWarning, absl::FromUnixMillis(1'750'000'000'007), "m",
                          {{"text", "a"}, {"count", 3}, {"yes", true}, {"took_ms", 1.5}}),
            R"({"time":"2025-06-15T15:06:40.007Z","level":"warning","msg":"m","text":"a",)"
            R"("count":3,"yes":true,"took_ms":1.5})");
}

TEST(LogTest, AnyBytesStayInsideTheirString) {
  for (int byte = 0; byte < 256; ++byte) {
    for (const char* tail : {"", "a", "\x80", "\"", "\n"}) {
      const std::string text = std::string(1, static_cast<char>(byte)) + tail;
      const nlohmann::json line = Line({{"text", text}, {"after", "kept"}});
      ASSERT_FALSE(line.is_discarded()) << byte;
      EXPECT_EQ(line["after"], "kept") << byte;
    }
  }
}

TEST(LogTest, TextThatIsUtf8ComesBackAsItWas) {
  for (const char* text : {"plain", "Zürich", "日本", "🚦", "a\"b\\c\n\t\x7f", "\u2028", "\u0085"}) {
    EXPECT_EQ(Line({{"text", text}})["text"], text);
  }
  // Overlong, a surrogate, beyond Unicode, cut short.
  for (const char* text : {"\xC0\xAF", "\xED\xA0\x80", "\xF4\x90\x80\x80", "\xE2\x82"}) {
    EXPECT_THAT(Line({{"text", text}})["text"].get<std::string>(), testing::StartsWith("\uFFFD"));
  }
}

TEST(LogTest, LinesThatComeTogetherAreWrittenTogether) {
  std::array<int, 2> ends;
  ASSERT_EQ(pipe2(ends.data(), O_DIRECT), 0);  // Each write is read on its own.
  int writes = 0;
  {
    Logger log(ends[1]);
    for (int i = 0; i < 10; ++i) log.Info("one of ten");
    log.Flush();
    close(ends[1]);
  }
  char buffer[4096];
  while (read(ends[0], buffer, sizeof(buffer)) > 0) ++writes;
  close(ends[0]);
  EXPECT_LE(writes, 2);
}

TEST(LogTest, ASlowReaderCostsLinesAndNotTime) {
  std::array<int, 2> ends;
  ASSERT_EQ(pipe(ends.data()), 0);
  int64_t dropped = 0;
  std::string all;
  {
    Logger log(ends[1], Clock::System(), /*capacity=*/4096);
    for (int i = 0; i < 3000; ++i) log.Info("a line that nobody reads", {{"number", i}});
    dropped = log.dropped();
    EXPECT_GT(dropped, 0);
    std::thread reader([&] {
      char buffer[4096];
      for (ssize_t n = 0; (n = read(ends[0], buffer, sizeof(buffer))) > 0;) {
        all.append(buffer, static_cast<size_t>(n));
      }
    });
    log.Flush();
    log.Info("after");
    log.Flush();
    close(ends[1]);
    reader.join();
  }
  close(ends[0]);
  int64_t told = 0, written = 0;
  std::istringstream lines(all);
  for (std::string line; std::getline(lines, line);) {
    const nlohmann::json json = nlohmann::json::parse(line, nullptr, false);
    ASSERT_FALSE(json.is_discarded()) << line;
    if (json.contains("dropped")) told += json["dropped"].get<int64_t>();
    if (json.contains("number")) ++written;
  }
  EXPECT_EQ(told, dropped);
  EXPECT_EQ(written + dropped, 3000);
}

}  // namespace
}  // namespace gate
