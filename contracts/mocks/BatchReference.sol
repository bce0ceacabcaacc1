// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Route} from "../libraries/Route.sol";
import {BatchHead, BatchReader} from "../messaging/BatchReader.sol";

/// @notice A batch as docs/protocol/messages.md §5 describes it, with what follows from it.
/// @param ids hash of every entry
/// @param root network root to which the entries lead
/// @param sound whether the siblings are as many as the places of entries and fact ask for
struct OpenedBatch {
    uint256 srcChainId;
    uint256 firstNonce;
    bytes32[] ids;
    bytes32 root;
    bool sound;
}

/// @notice What messages and facts are bound to besides the batch's own bytes.
struct BatchBinding {
    bytes32 networkId;
    uint256 route;
    address srcGateway;
    address dstGateway;
}

/// @dev No batch is shorter.
uint256 constant SHORTEST = 128;

/// @title The packed batch format read a second time, from docs/protocol/messages.md §1 to §5 and nothing else: field by field, no assembly.
contract BatchReference {
    struct Cursor {
        bytes data;
        uint256 place;
        uint256 batchStart;
        uint256 entryStart;
    }

    struct Head {
        uint256 class;
        uint256 srcChainId;
        uint256 from;
        uint256 count;
        uint256 first;
        uint256 entries;
        bytes32 headBefore;
        bytes32 headAt;
        bytes32 srcBlockHash;
        bytes32[] siblings;
        uint256 factIndex;
        uint256 factCount;
        bytes32[] factSiblings;
    }

    /// @notice The bytes are not those of batches; `offset` is where the batch or the entry begins at which that shows.
    error BatchReferenceMalformed(uint256 offset);

    /// @notice Opens all batches, each bound alike.
    /// @dev Reverts {BatchReferenceMalformed}.
    function open(
        bytes calldata data,
        BatchBinding calldata binding
    ) external pure returns (OpenedBatch[] memory opened) {
        Cursor memory cursor = Cursor(data, 0, 0, 0);
        opened = new OpenedBatch[](data.length / SHORTEST + 1);
        uint256 count;
        while (cursor.place < data.length) opened[count++] = _batch(cursor, binding);
        return _firstOf(opened, count);
    }

    function _batch(Cursor memory cursor, BatchBinding calldata binding) private pure returns (OpenedBatch memory) {
        Head memory head = _head(cursor);
        bytes32[] memory ids = new bytes32[](head.entries);
        for (uint256 i = 0; i < head.entries; i++) {
            ids[i] = _entry(cursor, binding, head.from + head.first + i);
        }
        (bytes32 batchRoot, bool sound) = _rootFromPart(ids, head.first, head.count, head.siblings);
        bytes32 root;
        if (sound) {
            bytes32[] memory fact = new bytes32[](1);
            fact[0] = _factHash(head, binding, batchRoot);
            (root, sound) = _rootFromPart(fact, head.factIndex, head.factCount, head.factSiblings);
        }
        return OpenedBatch(head.srcChainId, head.from + head.first, ids, sound ? root : bytes32(0), sound);
    }

    // --- Bytes ---

    function _head(Cursor memory cursor) private pure returns (Head memory head) {
        cursor.batchStart = cursor.place;
        head.class = _uint(cursor, 1);
        head.srcChainId = _uint(cursor, 8);
        head.from = _uint(cursor, 8);
        head.count = _uint(cursor, 2);
        head.first = _uint(cursor, 2);
        head.entries = _uint(cursor, 2);
        _uint(cursor, 4);
        head.headBefore = bytes32(_uint(cursor, 32));
        head.headAt = bytes32(_uint(cursor, 32));
        if (head.class == 1) head.srcBlockHash = bytes32(_uint(cursor, 32));
        head.siblings = _hashes(cursor);
        head.factIndex = _uint(cursor, 2);
        head.factCount = _uint(cursor, 2);
        head.factSiblings = _hashes(cursor);
        bool sane = head.class <= 1 && head.count <= 1024 && head.from + head.count < 2 ** 48;
        sane = sane && head.entries >= 1 && head.first + head.entries <= head.count;
        // At least one entry follows.
        if (!sane || cursor.place >= cursor.data.length) revert BatchReferenceMalformed(cursor.batchStart);
        cursor.entryStart = cursor.place;
    }

    function _entry(Cursor memory cursor, BatchBinding calldata binding, uint256 nonce) private pure returns (bytes32) {
        cursor.entryStart = cursor.place;
        uint256 tag = _entryUint(cursor, 1);
        if (tag == 255) return bytes32(_entryUint(cursor, 32));
        if (tag > 2) revert BatchReferenceMalformed(cursor.entryStart);
        uint256 gasLimit = _entryUint(cursor, 4);
        uint256 fee = _entryUint(cursor, 8);
        address sender = address(uint160(_entryUint(cursor, 20)));
        address recipient = address(uint160(_entryUint(cursor, 20)));
        uint256 length = _entryUint(cursor, 2);
        if (length > 32_768) revert BatchReferenceMalformed(cursor.entryStart);
        bytes memory payload = new bytes(length);
        for (uint256 i = 0; i < length; i++) payload[i] = bytes1(uint8(_entryUint(cursor, 1)));
        uint256 kind = tag == 1 ? 1 : 0;
        uint256 header = (kind << 248) | (nonce << 184) | (gasLimit << 152) | (fee << 88);
        return _messageHash(binding, header, sender, recipient, keccak256(payload));
    }

    function _hashes(Cursor memory cursor) private pure returns (bytes32[] memory hashes) {
        hashes = new bytes32[](_uint(cursor, 1));
        for (uint256 i = 0; i < hashes.length; i++) hashes[i] = bytes32(_uint(cursor, 32));
    }

    /// @dev Of a batch's head: what is missing shows at the batch's beginning.
    function _uint(Cursor memory cursor, uint256 length) private pure returns (uint256) {
        return _read(cursor, length, cursor.batchStart);
    }

    function _entryUint(Cursor memory cursor, uint256 length) private pure returns (uint256) {
        return _read(cursor, length, cursor.entryStart);
    }

    function _read(Cursor memory cursor, uint256 length, uint256 start) private pure returns (uint256 value) {
        if (cursor.place + length > cursor.data.length) revert BatchReferenceMalformed(start);
        for (uint256 i = 0; i < length; i++) value = (value << 8) | uint8(cursor.data[cursor.place++]);
    }

    // --- Hashes ---

    function _messageHash(
        BatchBinding calldata binding,
        uint256 header,
        address sender,
        address recipient,
        bytes32 payloadHash
    ) private pure returns (bytes32) {
        bytes32 typehash = keccak256(
            "MetalayerMessage(bytes32 networkId,uint256 route,uint256 header,address sender,address recipient,bytes32 payloadHash)"
        );
        return
            keccak256(abi.encode(typehash, binding.networkId, binding.route, header, sender, recipient, payloadHash));
    }

    function _factHash(
        Head memory head,
        BatchBinding calldata binding,
        bytes32 batchRoot
    ) private pure returns (bytes32) {
        bytes32 laneTypehash = keccak256(
            "MetalayerLane(bytes32 networkId,uint256 route,address srcGateway,address dstGateway)"
        );
        bytes32 laneId = keccak256(
            abi.encode(laneTypehash, binding.networkId, binding.route, binding.srcGateway, binding.dstGateway)
        );
        bytes32 typehash = keccak256(
            "MetalayerLaneFact(uint8 class,bytes32 laneId,uint64 from,uint64 to,bytes32 headBefore,bytes32 headAt,bytes32 batchRoot,bytes32 srcBlockHash)"
        );
        (uint256 class, uint256 from, uint256 to) = (head.class, head.from, head.from + head.count);
        return
            keccak256(
                abi.encode(
                    typehash,
                    class,
                    laneId,
                    from,
                    to,
                    head.headBefore,
                    head.headAt,
                    batchRoot,
                    head.srcBlockHash
                )
            );
    }

    /// @dev The tree of §3, level by level: a sibling where a part begins at an odd place or ends at an even one that is not the last.
    function _rootFromPart(
        bytes32[] memory part,
        uint256 first,
        uint256 count,
        bytes32[] memory siblings
    ) private pure returns (bytes32 root, bool sound) {
        if (count > 1024 || first + part.length > count) return (0, false);
        uint256 used;
        while (count > 1) {
            bool left = first % 2 == 1;
            uint256 last = first + part.length - 1;
            bool right = last % 2 == 0 && last + 1 < count;
            uint256 wanted = (left ? 1 : 0) + (right ? 1 : 0);
            if (used + wanted > siblings.length) return (0, false);
            part = _joined(
                left,
                left ? siblings[used] : bytes32(0),
                part,
                right,
                right ? siblings[used + wanted - 1] : bytes32(0)
            );
            used += wanted;
            part = _parents(part);
            (first, count) = (first / 2, (count + 1) / 2);
        }
        return (part[0], used == siblings.length);
    }

    function _joined(
        bool left,
        bytes32 before,
        bytes32[] memory part,
        bool right,
        bytes32 behind
    ) private pure returns (bytes32[] memory level) {
        uint256 shift = left ? 1 : 0;
        level = new bytes32[](part.length + shift + (right ? 1 : 0));
        if (left) level[0] = before;
        for (uint256 i = 0; i < part.length; i++) level[i + shift] = part[i];
        if (right) level[level.length - 1] = behind;
    }

    /// @dev Pairs are hashed; one without a partner, the last of an odd level, moves up unchanged.
    function _parents(bytes32[] memory level) private pure returns (bytes32[] memory parents) {
        parents = new bytes32[]((level.length + 1) / 2);
        for (uint256 i = 0; i < parents.length; i++) {
            parents[i] =
                2 * i + 1 < level.length
                    ? keccak256(abi.encodePacked(uint8(1), level[2 * i], level[2 * i + 1]))
                    : level[2 * i];
        }
    }

    function _firstOf(OpenedBatch[] memory all, uint256 count) private pure returns (OpenedBatch[] memory some) {
        some = new OpenedBatch[](count);
        for (uint256 i = 0; i < count; i++) some[i] = all[i];
    }
}

/// @title The gateway's own reader, asked the same questions as {BatchReference}.
contract BatchReaderHarness {
    /// @dev Reverts {GatewayMalformedBatch}.
    function open(
        bytes calldata data,
        BatchBinding calldata binding
    ) external pure returns (OpenedBatch[] memory opened) {
        (uint256 place, uint256 end) = BatchReader.bounds(data);
        opened = new OpenedBatch[](data.length / SHORTEST + 1);
        uint256 count;
        while (place < end) {
            (opened[count], place) = _batch(data, place, binding);
            count++;
        }
        OpenedBatch[] memory all = opened;
        opened = new OpenedBatch[](count);
        for (uint256 i = 0; i < count; i++) opened[i] = all[i];
    }

    /// @notice Where the batches' entries end by {BatchReader.skip}, which hashes nothing.
    function skipAll(bytes calldata data) external pure returns (uint256 batches) {
        (uint256 place, uint256 end) = BatchReader.bounds(data);
        for (; place < end; batches++) {
            (BatchHead head, , uint256 body) = BatchReader.read(data, place);
            place = BatchReader.skip(data, head, body);
        }
    }

    function _batch(
        bytes calldata data,
        uint256 place,
        BatchBinding calldata binding
    ) private pure returns (OpenedBatch memory opened, uint256 next) {
        (BatchHead head, uint256 facts, uint256 body) = BatchReader.read(data, place);
        opened.srcChainId = head.srcChainId();
        opened.firstNonce = head.firstNonce();
        (opened.ids, next) = BatchReader.hashes(data, head, opened.firstNonce, body, binding.networkId, binding.route);
        bytes32 laneId = _laneId(binding);
        (bytes32 root, bool sound) = BatchReader.rootOf(head, place, facts, laneId, opened.ids);
        (opened.root, opened.sound) = (sound ? root : bytes32(0), sound);
    }

    function _laneId(BatchBinding calldata binding) private pure returns (bytes32) {
        return Route.laneId(binding.networkId, binding.route, binding.srcGateway, binding.dstGateway);
    }
}
