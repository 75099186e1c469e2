package dev.oriel.device;

import dev.oriel.filesystem.FileSystem;
import dev.oriel.filesystem.FileSystemSession;
import dev.oriel.filesystem.Name;
import dev.oriel.filesystem.Request;
import dev.oriel.linux.IoVector;
import java.lang.reflect.Method;
import java.lang.reflect.Proxy;

/** Answers 0 to all that it is asked, and writes down what the device should never have let through. */
final class SuspiciousFileSystem implements FileSystem {
    private volatile String improper = "";

    /** The last thing that was improper, or nothing. */
    String improper() {
        return improper;
    }

    @Override
    public FileSystemSession begin(long offered) {
        return (FileSystemSession) Proxy.newProxyInstance(
                FileSystemSession.class.getClassLoader(),
                new Class<?>[] {FileSystemSession.class},
                (proxy, method, arguments) -> answer(method, arguments == null ? new Object[0] : arguments));
    }

    @Override
    public void close() {}

    private Object answer(Method method, Object[] arguments) {
        if (method.getName().equals("flags")) {
            return ~0L;
        }
        int names = 0;
        for (Object argument : arguments) {
            switch (argument) {
                case Name name -> {
                    names++;
                    boolean free = method.getName().endsWith("xattr")
                            || (method.getName().equals("symlink") && names == 2);
                    if (free ? name.length() < 1 || name.length() > 4095 : !isEntry(name)) {
                        improper = method.getName() + " of '" + name + "'";
                    }
                }
                case Request request -> {
                    for (int i = 0; i < request.securityContexts(); i++) {
                        if (request.securityContextName(i).getString(0).isEmpty()) {
                            improper = "a context without a name";
                        }
                    }
                }
                case IoVector vector -> {
                    if (vector.bytes() > 4096) {
                        improper = method.getName() + " of " + vector.bytes() + " bytes";
                    }
                }
                default -> {}
            }
        }
        int result = method.getName().equals("timeGranularity") ? 1 : 0;
        return method.getReturnType() == int.class ? (Object) result : (Object) (long) result;
    }

    private static boolean isEntry(Name name) {
        String text = name.toString();
        return name.length() >= 1
                && name.length() <= 255
                && !text.equals(".")
                && !text.equals("..")
                && text.indexOf('/') < 0
                && text.indexOf('\0') < 0;
    }
}
