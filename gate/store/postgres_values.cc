// How PostgreSQL sends values in binary form: src/backend/utils/adt/arrayfuncs.c (array_send),
// timestamp.c; integers in network order.
#include "gate/store/postgres_connection.h"

namespace gate {
namespace {

constexpr Oid kBytea = 17, kBigint = 20, kSmallint = 21, kText = 25, kTimestamp = 1184;
constexpr Oid kByteaArray = 1001, kSmallintArray = 1005, kTextArray = 1009, kBigintArray = 1016,
              kTimestampArray = 1185;

// PostgreSQL counts from 2000.
constexpr int64_t kEpochMicros = 946684800ll * 1000000;

template <typename Integer>
void AppendInteger(Integer number, std::string* out) {
  for (int shift = 8 * (static_cast<int>(sizeof(number)) - 1); shift >= 0; shift -= 8) {
    out->push_back(static_cast<char>(number >> shift & 0xff));
  }
}

template <typename Integer>
std::string IntegerBytes(Integer number) {
  std::string bytes;
  AppendInteger(number, &bytes);
  return bytes;
}

}  // namespace

PostgresParameter PostgresParameter::Text(std::string_view text) {
  return {kText, std::string(text)};
}

PostgresParameter PostgresParameter::Bytes(std::string_view bytes) {
  return {kBytea, std::string(bytes)};
}

PostgresParameter PostgresParameter::Bigint(int64_t number) {
  return {kBigint, IntegerBytes(number)};
}

PostgresParameter PostgresParameter::Smallint(int number) {
  return {kSmallint, IntegerBytes(static_cast<int16_t>(number))};
}

PostgresParameter PostgresParameter::Timestamp(int64_t unix_micros) {
  return {kTimestamp, IntegerBytes(unix_micros - kEpochMicros)};
}

PostgresArray::PostgresArray(Oid array, Oid element, size_t size) : array_{array, {}} {
  AppendInteger<int32_t>(1, &array_.bytes);  // dimensions
  AppendInteger<int32_t>(0, &array_.bytes);  // no nulls
  AppendInteger<uint32_t>(element, &array_.bytes);
  AppendInteger<int32_t>(static_cast<int32_t>(size), &array_.bytes);
  AppendInteger<int32_t>(1, &array_.bytes);  // the first index
}

PostgresArray PostgresArray::Texts(size_t size) { return {kTextArray, kText, size}; }
PostgresArray PostgresArray::Bytes(size_t size) { return {kByteaArray, kBytea, size}; }
PostgresArray PostgresArray::Smallints(size_t size) { return {kSmallintArray, kSmallint, size}; }
PostgresArray PostgresArray::Bigints(size_t size) { return {kBigintArray, kBigint, size}; }
PostgresArray PostgresArray::Timestamps(size_t size) { return {kTimestampArray, kTimestamp, size}; }

void PostgresArray::Add(std::string_view bytes) {
  AppendInteger<int32_t>(static_cast<int32_t>(bytes.size()), &array_.bytes);
  array_.bytes.append(bytes);
}

void PostgresArray::AddSmallint(int number) { Add(IntegerBytes(static_cast<int16_t>(number))); }

void PostgresArray::AddBigint(int64_t number) { Add(IntegerBytes(number)); }

void PostgresArray::AddTimestamp(int64_t unix_micros) {
  Add(IntegerBytes(unix_micros - kEpochMicros));
}

std::string_view PostgresRows::Bytes(int row, int column) const {
  return {PQgetvalue(result_.get(), row, column),
          static_cast<size_t>(PQgetlength(result_.get(), row, column))};
}

int64_t PostgresRows::Number(int row, int column) const {
  uint64_t number = 0;
  for (const char c : Bytes(row, column)) number = number << 8 | static_cast<unsigned char>(c);
  return static_cast<int64_t>(number);
}

int64_t PostgresRows::Timestamp(int row, int column) const {
  return Number(row, column) + kEpochMicros;
}

}  // namespace gate
