package dev.oriel.device;

import dev.oriel.filesystem.AttributeChange;
import dev.oriel.filesystem.FileLock;
import dev.oriel.filesystem.FileSystem;
import dev.oriel.filesystem.FileSystemSession;
import dev.oriel.filesystem.Name;
import dev.oriel.filesystem.Request;
import dev.oriel.linux.IoVector;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.reflect.Method;
import java.lang.reflect.Proxy;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.StringJoiner;

/** Writes down what it is asked, and answers as the test says. */
final class RecordingFileSystem implements FileSystem {
    /** What an operation does with its arguments: as declared, the {@link Request} first. */
    @FunctionalInterface
    interface Behaviour {
        long answer(Object[] arguments);
    }

    private final List<String> calls = new ArrayList<>();
    private final Map<String, Behaviour> behaviours = new HashMap<>();
    private final long accepted;

    /** @param accepted the INIT flags that it accepts of those that are offered */
    RecordingFileSystem(long accepted) {
        this.accepted = accepted;
    }

    synchronized RecordingFileSystem on(String operation, Behaviour behaviour) {
        behaviours.put(operation, behaviour);
        return this;
    }

    /** All that was asked since this was last called. */
    synchronized List<String> calls() {
        List<String> copy = List.copyOf(calls);
        calls.clear();
        return copy;
    }

    @Override
    public FileSystemSession begin(long offered) {
        record("begin");
        return (FileSystemSession) Proxy.newProxyInstance(
                FileSystemSession.class.getClassLoader(),
                new Class<?>[] {FileSystemSession.class},
                (proxy, method, arguments) -> invoke(method, arguments == null ? new Object[0] : arguments, offered));
    }

    @Override
    public void close() {
        record("closed");
    }

    private Object invoke(Method method, Object[] arguments, long offered) {
        switch (method.getName()) {
            case "flags" -> {
                return offered & accepted;
            }
            case "timeGranularity" -> {
                return 1;
            }
            case "toString" -> {
                return "recording";
            }
            default -> {}
        }
        record(describe(method, arguments));
        Behaviour behaviour;
        synchronized (this) {
            behaviour = behaviours.get(method.getName());
        }
        long result = behaviour == null ? 0 : behaviour.answer(arguments);
        return method.getReturnType() == int.class ? (Object) (int) result : (Object) result;
    }

    private synchronized void record(String call) {
        calls.add(call);
    }

    private static String describe(Method method, Object[] arguments) {
        StringJoiner text = new StringJoiner(" ");
        text.add(method.getName());
        for (int i = 0; i < arguments.length; i++) {
            Object argument = arguments[i];
            switch (argument) {
                case Request request -> describe(text, request);
                case Name name -> text.add("'" + name + "'");
                case IoVector vector -> text.add(vector.bytes() + "B");
                case FileLock lock -> {
                    if (i < arguments.length - 1) {
                        text.add("lock %d-%d type %d pid %d".formatted(lock.start, lock.end, lock.type, lock.pid));
                    }
                }
                case AttributeChange in ->
                    text.add("valid %x fh %d size %d mode %o uid %d gid %d atime %d.%d mtime %d.%d"
                            .formatted(
                                    in.valid,
                                    in.fh,
                                    in.size,
                                    in.mode,
                                    in.uid,
                                    in.gid,
                                    in.atime,
                                    in.atimensec,
                                    in.mtime,
                                    in.mtimensec));
                case MemorySegment segment ->
                    text.add(
                            method.getName().equals("setxattr")
                                    ? HexFormat.of().formatHex(segment.toArray(ValueLayout.JAVA_BYTE))
                                    : segment.byteSize() + "B");
                case Number number -> text.add(number.toString());
                case Boolean flag -> text.add(flag.toString());
                default -> {}
            }
        }
        return text.toString();
    }

    private static void describe(StringJoiner text, Request request) {
        if (request.uid() != Wire.UID || request.gid() != Wire.GID || request.pid() != Wire.PID) {
            text.add("uid %d gid %d pid %d".formatted(request.uid(), request.gid(), request.pid()));
        }
        if (request.supplementaryGid() != -1) {
            text.add("group " + request.supplementaryGid());
        }
        for (int i = 0; i < request.securityContexts(); i++) {
            String name = request.securityContextName(i).getString(0);
            byte[] value = request.securityContextValue(i).toArray(ValueLayout.JAVA_BYTE);
            text.add("context " + name + "=" + HexFormat.of().formatHex(value));
        }
    }
}
