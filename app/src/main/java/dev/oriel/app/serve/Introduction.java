package dev.oriel.app.serve;

import dev.oriel.app.command.Json;
import java.nio.file.Path;

/** The lines to paste: how QEMU, libvirt and the guest use a share. */
final class Introduction {
    private Introduction() {}

    /** The text for a share on the socket at {@code socket}, with a line break at its end. */
    static String text(ShareOptions options, Path socket) {
        String tag = options.advisedTag();
        if (options.protocol() == DeviceProtocol.VFIO_USER) {
            return vfioUser(tag, socket);
        }
        // A comma ends a value in QEMU's options; two stand for one.
        String path = socket.toString().replace(",", ",,");
        return """

            QEMU (add to its command line; the memory must be shared):
              -m 1G -object memory-backend-memfd,id=mem,size=1G,share=on -numa node,memdev=mem \\
              -chardev socket,id=oriel,path=%s \\
              -device %s

            libvirt (with <memoryBacking><source type='memfd'/><access mode='shared'/></memoryBacking>):
              <filesystem type='mount'><driver type='virtiofs' queue='%d'/><source socket='%s'/><target dir='%s'/></filesystem>

            In the guest:
              mount -t virtiofs %s /mnt
            """.formatted(
                        shellWord(path),
                        device(options, tag),
                        Math.min(options.queueSize(), ServeCommand.DEFAULT_QUEUE_SIZE),
                        xml(socket.toString()),
                        xml(tag),
                        shellWord(tag));
    }

    /**
     * The socket is an object, which only JSON can say. An answer that comes later than QEMU waits for it costs the
     * guest the device.
     */
    private static String vfioUser(String tag, Path socket) {
        String device =
                "{\"driver\":\"vfio-user-pci\",\"socket\":{\"type\":\"unix\",\"path\":%s},\"x-msg-timeout\":60000}"
                        .formatted(Json.write(socket.toString()));
        return """

            QEMU (add to its command line; the memory must be shared):
              -m 1G -object memory-backend-memfd,id=mem,size=1G,share=on -numa node,memdev=mem \\
              -device %s

            In the guest:
              mount -t virtiofs %s /mnt
            """.formatted(shellWord(device), shellWord(tag));
    }

    /**
     * QEMU's device for virtio-fs has no DAX window; its generic one has, and asks the back-end for everything (QEMU
     * 11.1).
     */
    private static String device(ShareOptions options, String tag) {
        int queueSize = Math.min(options.queueSize(), ServeCommand.DEFAULT_QUEUE_SIZE);
        if (options.dax() != null) {
            return "vhost-user-test-device-pci,chardev=oriel,virtio-id=26,num_vqs=%d,vq_size=%d,config_size=44"
                    .formatted(options.requestQueues() + 1, queueSize);
        }
        return "vhost-user-fs-pci,chardev=oriel,tag=%s,num-request-queues=%d,queue-size=%d"
                .formatted(shellWord(tag.replace(",", ",,")), options.requestQueues(), queueSize);
    }

    /** Quotes what a shell would take apart. */
    private static String shellWord(String word) {
        return word.matches("[A-Za-z0-9_./:,@%+=-]+") ? word : "'" + word.replace("'", "'\\''") + "'";
    }

    private static String xml(String text) {
        return text.replace("&", "&amp;").replace("<", "&lt;").replace("'", "&apos;");
    }
}
