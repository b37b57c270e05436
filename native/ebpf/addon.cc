// The sensor for JavaScript: plain functions over a handle, so that several threads of one process share it. Every failure is an Error with
// `errno` (negative) and `step`.
#include <napi.h>

#include <cstring>
#include <ctime>
#include <mutex>
#include <string>
#include <vector>

#include "privileges.h"
#include "sensor.h"

namespace {

constexpr int kMaxSensors = 16;
std::mutex lock;
sensor *sensors[kMaxSensors];

[[noreturn]] void Fail(Napi::Env env, int code, const char *step, const std::string &why = "") {
  Napi::Error error = Napi::Error::New(env, std::string(step) + ": " + strerror(-code) + (why.empty() ? "" : " (" + why + ")"));
  error.Set("errno", Napi::Number::New(env, code));
  error.Set("step", Napi::String::New(env, step));
  throw error;
}

int Number(const Napi::CallbackInfo &info, size_t i) {
  if (i >= info.Length() || !info[i].IsNumber()) throw Napi::TypeError::New(info.Env(), "a number is missing");
  return info[i].As<Napi::Number>().Int32Value();
}

uint64_t Big(const Napi::CallbackInfo &info, size_t i) {
  if (i >= info.Length() || !info[i].IsBigInt()) throw Napi::TypeError::New(info.Env(), "a bigint is missing");
  bool lossless = false;
  return info[i].As<Napi::BigInt>().Uint64Value(&lossless);
}

std::string Text(const Napi::CallbackInfo &info, size_t i) {
  if (i >= info.Length() || !info[i].IsString()) throw Napi::TypeError::New(info.Env(), "a string is missing");
  return info[i].As<Napi::String>().Utf8Value();
}

Napi::Uint8Array Bytes(const Napi::CallbackInfo &info, size_t i) {
  if (i >= info.Length() || !info[i].IsTypedArray() || info[i].As<Napi::TypedArray>().TypedArrayType() != napi_uint8_array)
    throw Napi::TypeError::New(info.Env(), "a Uint8Array is missing");
  return info[i].As<Napi::Uint8Array>();
}

sensor *Sensor(const Napi::CallbackInfo &info) {
  int handle = Number(info, 0);
  std::lock_guard<std::mutex> guard(lock);
  if (handle < 0 || handle >= kMaxSensors || sensors[handle] == nullptr) throw Napi::Error::New(info.Env(), "the sensor is closed");
  return sensors[handle];
}

// open(mode, ringBytes): handle
Napi::Value Open(const Napi::CallbackInfo &info) {
  int mode = Number(info, 0);
  uint32_t bytes = info[1].ToNumber().Uint32Value();
  sensor *made = nullptr;
  char why[4096] = "";
  int r = sensor_open(&made, mode, bytes, why, sizeof why);
  if (r < 0) Fail(info.Env(), r, "load", why);
  std::lock_guard<std::mutex> guard(lock);
  for (int i = 0; i < kMaxSensors; i++)
    if (sensors[i] == nullptr) {
      sensors[i] = made;
      return Napi::Number::New(info.Env(), i);
    }
  sensor_close(made);
  Fail(info.Env(), -ENOSPC, "open");
}

Napi::Value Close(const Napi::CallbackInfo &info) {
  sensor *s = Sensor(info);
  {
    std::lock_guard<std::mutex> guard(lock);
    sensors[Number(info, 0)] = nullptr;
  }
  sensor_close(s);
  return info.Env().Undefined();
}

// attach(handle, program, path, offsets: BigUint64Array, cookies: BigUint64Array, isReturn): link
Napi::Value Attach(const Napi::CallbackInfo &info) {
  sensor *s = Sensor(info);
  int program = sensor_program(Text(info, 1).c_str());
  std::string path = Text(info, 2);
  auto offsets = info[3].As<Napi::BigUint64Array>(), cookies = info[4].As<Napi::BigUint64Array>();
  if (offsets.ElementLength() != cookies.ElementLength()) throw Napi::TypeError::New(info.Env(), "offsets and cookies differ in length");
  int link = sensor_attach(s, program, path.c_str(), offsets.Data(), cookies.Data(), offsets.ElementLength(), info[5].ToBoolean());
  if (link < 0) Fail(info.Env(), link, "attach");
  return Napi::Number::New(info.Env(), link);
}

// attachTracepoint(handle, program): link
Napi::Value AttachTracepoint(const Napi::CallbackInfo &info) {
  int link = sensor_attach_tracepoint(Sensor(info), sensor_program(Text(info, 1).c_str()));
  if (link < 0) Fail(info.Env(), link, "attach tracepoint");
  return Napi::Number::New(info.Env(), link);
}

class Detaching : public Napi::AsyncWorker {
 public:
  Detaching(Napi::Env env, sensor *s, std::vector<int> links)
      : Napi::AsyncWorker(env), done_(Napi::Promise::Deferred::New(env)), sensor_(s), links_(std::move(links)) {}
  Napi::Promise Promise() { return done_.Promise(); }
  void Execute() override {
    for (int link : links_) sensor_detach(sensor_, link);
  }
  void OnOK() override { done_.Resolve(Env().Undefined()); }

 private:
  Napi::Promise::Deferred done_;
  sensor *sensor_;
  std::vector<int> links_;
};

// detach(handle, links: number[]): Promise. The kernel waits for probes that run: off the main thread.
Napi::Value Detach(const Napi::CallbackInfo &info) {
  sensor *s = Sensor(info);
  auto list = info[1].As<Napi::Array>();
  std::vector<int> links;
  for (uint32_t i = 0; i < list.Length(); i++) links.push_back(list.Get(i).ToNumber().Int32Value());
  auto *work = new Detaching(info.Env(), s, std::move(links));
  auto promise = work->Promise();
  work->Queue();
  return promise;
}

// update(handle, map, key: Uint8Array, value: Uint8Array)
Napi::Value Update(const Napi::CallbackInfo &info) {
  int r = sensor_update(Sensor(info), sensor_map(Text(info, 1).c_str()), Bytes(info, 2).Data(), Bytes(info, 3).Data());
  if (r < 0) Fail(info.Env(), r, "map update");
  return info.Env().Undefined();
}

// remove(handle, map, key: Uint8Array): whether it was there
Napi::Value Remove(const Napi::CallbackInfo &info) {
  int r = sensor_delete(Sensor(info), sensor_map(Text(info, 1).c_str()), Bytes(info, 2).Data());
  if (r < 0 && r != -ENOENT) Fail(info.Env(), r, "map delete");
  return Napi::Boolean::New(info.Env(), r == 0);
}

// lookup(handle, map, key: Uint8Array, value: Uint8Array): whether it is there
Napi::Value Lookup(const Napi::CallbackInfo &info) {
  int r = sensor_lookup(Sensor(info), sensor_map(Text(info, 1).c_str()), Bytes(info, 2).Data(), Bytes(info, 3).Data());
  if (r < 0 && r != -ENOENT) Fail(info.Env(), r, "map lookup");
  return Napi::Boolean::New(info.Env(), r == 0);
}

// take(handle, map, keys: Uint8Array, values: Uint8Array, count): entries taken out
Napi::Value Take(const Napi::CallbackInfo &info) {
  auto keys = Bytes(info, 2), values = Bytes(info, 3);
  uint32_t count = info[4].ToNumber().Uint32Value();
  if (count == 0) return Napi::Number::New(info.Env(), 0);
  int r = sensor_take(Sensor(info), sensor_map(Text(info, 1).c_str()), keys.Data(), values.Data(), keys.ByteLength() / count,
                      values.ByteLength() / count, count);
  if (r < 0) Fail(info.Env(), r, "map take");
  return Napi::Number::New(info.Env(), r);
}

// drain(handle, into: Uint8Array): bytes
Napi::Value Drain(const Napi::CallbackInfo &info) {
  auto into = Bytes(info, 1);
  return Napi::Number::New(info.Env(), static_cast<double>(sensor_drain(Sensor(info), into.Data(), into.ByteLength())));
}

// waiting(handle): bytes in the ring
Napi::Value Waiting(const Napi::CallbackInfo &info) {
  return Napi::Number::New(info.Env(), static_cast<double>(sensor_waiting(Sensor(info))));
}

uint64_t Nanos(clockid_t clock) {
  timespec t;
  clock_gettime(clock, &t);
  return static_cast<uint64_t>(t.tv_sec) * 1000000000u + t.tv_nsec;
}

// clocks(): [wall, boottime] in nanoseconds
Napi::Value Clocks(const Napi::CallbackInfo &info) {
  auto pair = Napi::Array::New(info.Env(), 2);
  uint64_t before = Nanos(CLOCK_BOOTTIME), wall = Nanos(CLOCK_REALTIME), after = Nanos(CLOCK_BOOTTIME);
  pair.Set(0u, Napi::BigInt::New(info.Env(), wall));
  pair.Set(1u, Napi::BigInt::New(info.Env(), before + (after - before) / 2));
  return pair;
}

// dropPrivileges(uid, gid, user, keep: bigint)
Napi::Value DropPrivileges(const Napi::CallbackInfo &info) {
  const char *step = "";
  std::string user = Text(info, 2);
  int r = drop_privileges(info[0].ToNumber().Uint32Value(), info[1].ToNumber().Uint32Value(), user.c_str(), Big(info, 3), &step);
  if (r < 0) Fail(info.Env(), r, step);
  return info.Env().Undefined();
}

Napi::Object Init(Napi::Env env, Napi::Object exports) {
  exports.Set("open", Napi::Function::New<Open>(env));
  exports.Set("close", Napi::Function::New<Close>(env));
  exports.Set("attach", Napi::Function::New<Attach>(env));
  exports.Set("attachTracepoint", Napi::Function::New<AttachTracepoint>(env));
  exports.Set("detach", Napi::Function::New<Detach>(env));
  exports.Set("update", Napi::Function::New<Update>(env));
  exports.Set("remove", Napi::Function::New<Remove>(env));
  exports.Set("lookup", Napi::Function::New<Lookup>(env));
  exports.Set("take", Napi::Function::New<Take>(env));
  exports.Set("drain", Napi::Function::New<Drain>(env));
  exports.Set("waiting", Napi::Function::New<Waiting>(env));
  exports.Set("clocks", Napi::Function::New<Clocks>(env));
  exports.Set("dropPrivileges", Napi::Function::New<DropPrivileges>(env));
  return exports;
}

}  // namespace

NODE_API_MODULE(sensor, Init)
