// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {AccessManaged} from "@openzeppelin/contracts/access/manager/AccessManaged.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {IGuardianRewards} from "../guardians/IGuardianRewards.sol";
import {FeeMath} from "../libraries/FeeMath.sol";
import {IMetalayerGateway} from "../messaging/IMetalayerGateway.sol";
import {IRollupRegistry} from "../messaging/IRollupRegistry.sol";
import {IStateRootInbox} from "../messaging/IStateRootInbox.sol";
import {IStateReader} from "../proofs/IStateReader.sol";
import {IEra} from "../token/IEra.sol";
import {IFeeController} from "./IFeeController.sol";
import {IStateRequests} from "./IStateRequests.sol";

/// @notice Addresses that are immutables of {StateRequests}.
struct StateRequestsWiring {
    IEra era;
    IFeeController feeController;
    IMetalayerGateway gateway;
    IRollupRegistry registry;
    IStateRootInbox inbox;
    IStateReader reader;
    IGuardianRewards rewards;
}

/// @title Paid requests for other rollups' state. Not upgradeable; stands upon the core, which does not know it.
/// @dev Needs the role that may call {IFeeController-spendCredit}, and uses it for the caller of a request alone. Shares are those of messages to
///      and from the rollup (docs/protocol/fees.md §1, §2), as they are when a request is answered.
contract StateRequests is IStateRequests, AccessManaged {
    using SafeERC20 for IEra;

    /// @dev Wei of ERA in a fee unit, and fee units in a millionth of ERA.
    uint256 private constant UNIT = 1e9;
    uint256 private constant MILLIONTH = 1000;
    /// @dev Time for an answer that is on its way.
    uint256 private constant OPEN_AT_LEAST = 1 hours;

    struct Answer {
        bool known;
        bytes32 value;
    }

    IEra private immutable ERA;
    IFeeController private immutable FEES;
    IMetalayerGateway private immutable GATEWAY;
    IRollupRegistry private immutable REGISTRY;
    IStateRootInbox private immutable INBOX;
    IStateReader private immutable READER;
    IGuardianRewards private immutable REWARDS;

    mapping(uint256 chainId => Terms) private _terms;
    mapping(bytes32 id => Request) private _requests;
    mapping(bytes32 id => Answer) private _answers;
    Due private _due;
    uint256 private _held;

    constructor(address authority, StateRequestsWiring memory wiring) AccessManaged(authority) {
        if (
            address(wiring.era) == address(0) ||
            address(wiring.feeController) == address(0) ||
            address(wiring.gateway) == address(0) ||
            address(wiring.registry) == address(0) ||
            address(wiring.inbox) == address(0) ||
            address(wiring.reader) == address(0) ||
            address(wiring.rewards) == address(0)
        ) revert RequestsInvalidWiring();
        (ERA, FEES, GATEWAY, REGISTRY) = (wiring.era, wiring.feeController, wiring.gateway, wiring.registry);
        (INBOX, READER, REWARDS) = (wiring.inbox, wiring.reader, wiring.rewards);
    }

    /// @inheritdoc IStateRequests
    function setTerms(uint256 chainId, Terms calldata terms) external restricted {
        _terms[chainId] = terms;
        emit TermsChanged(chainId, terms.headPrice, terms.slotPrice);
    }

    /// @inheritdoc IStateRequests
    function requestHead(uint256 chainId, uint64 anchorIndex) external returns (bytes32 id) {
        id = _currentId(chainId, anchorIndex, address(0), 0);
        if (INBOX.head(chainId, anchorIndex).blockHash != 0) revert RequestsAlreadyKnown(id);
        _open(id, chainId, anchorIndex, address(0), 0, _terms[chainId].headPrice);
    }

    /// @inheritdoc IStateRequests
    function requestSlot(
        uint256 chainId,
        uint64 anchorIndex,
        address account,
        bytes32 slot
    ) external returns (bytes32 id) {
        if (account == address(0)) revert RequestsInvalidAccount(account);
        id = _currentId(chainId, anchorIndex, account, slot);
        if (_answers[id].known) revert RequestsAlreadyKnown(id);
        _open(id, chainId, anchorIndex, account, slot, _terms[chainId].slotPrice);
    }

    /// @inheritdoc IStateRequests
    function answerHead(
        bytes calldata attestation,
        IStateRootInbox.HeadFact calldata fact,
        uint256 factIndex,
        uint256 factCount,
        bytes calldata siblings
    ) external {
        bytes32 id = _id(fact.chainId, fact.incarnation, fact.anchorIndex, address(0), 0);
        uint256 reward = _close(id, fact.chainId);
        emit StateAnswered(id, msg.sender, fact.stateRoot, reward);

        INBOX.recordHead(attestation, fact, factIndex, factCount, siblings);
        ERA.safeTransfer(msg.sender, reward);
    }

    /// @inheritdoc IStateRequests
    function answerSlot(
        uint256 chainId,
        uint64 anchorIndex,
        address account,
        bytes32 slot,
        bytes calldata proof
    ) external {
        bytes32 id = _currentId(chainId, anchorIndex, account, slot);
        // A view of a contract of the protocol.
        bytes32 value = READER.slotAt(chainId, anchorIndex, account, slot, proof);
        uint256 reward = _close(id, chainId);
        _answers[id] = Answer(true, value);
        emit StateAnswered(id, msg.sender, value, reward);

        ERA.safeTransfer(msg.sender, reward);
    }

    /// @inheritdoc IStateRequests
    function withdraw(bytes32 id) external {
        Request memory open = _requests[id];
        if (open.madeAt == 0) revert RequestsNotOpen(id);
        uint256 earliest = open.madeAt + OPEN_AT_LEAST;
        if (block.timestamp < earliest) revert RequestsTooEarly(id, earliest);
        uint256 amount = open.paid * UNIT;
        delete _requests[id];
        _held -= amount;
        emit RequestWithdrawn(id, open.payer, amount);

        ERA.forceApprove(address(FEES), amount);
        FEES.buyCredit(open.payer, amount);
    }

    /// @inheritdoc IStateRequests
    function sweep() external {
        Due memory parts = _due;
        uint256 sum = parts.fund + parts.burn + parts.guardians;
        if (sum == 0) return;
        delete _due;
        _held -= sum;
        emit SharesSwept(parts.fund, parts.burn, parts.guardians);

        if (parts.fund != 0) ERA.safeTransfer(FEES.fund(), parts.fund);
        ERA.forceApprove(address(FEES), parts.burn);
        FEES.burn(parts.burn);
        ERA.forceApprove(address(REWARDS), parts.guardians);
        REWARDS.fund(parts.guardians);
    }

    /// @inheritdoc IStateRequests
    function termsOf(uint256 chainId) external view returns (Terms memory) {
        return _terms[chainId];
    }

    /// @inheritdoc IStateRequests
    function idOf(uint256 chainId, uint64 anchorIndex, address account, bytes32 slot) external view returns (bytes32) {
        return _currentId(chainId, anchorIndex, account, slot);
    }

    /// @inheritdoc IStateRequests
    function request(bytes32 id) external view returns (Request memory) {
        return _requests[id];
    }

    /// @inheritdoc IStateRequests
    function answerOf(
        uint256 chainId,
        uint64 anchorIndex,
        address account,
        bytes32 slot
    ) external view returns (bool known, bytes32 value) {
        Answer storage answer = _answers[_currentId(chainId, anchorIndex, account, slot)];
        return (answer.known, answer.value);
    }

    /// @inheritdoc IStateRequests
    function due() external view returns (Due memory) {
        return _due;
    }

    /// @inheritdoc IStateRequests
    function held() external view returns (uint256) {
        return _held;
    }

    /// @dev Charges the caller and books the request.
    /// @param price millionths of ERA
    function _open(
        bytes32 id,
        uint256 chainId,
        uint64 anchorIndex,
        address account,
        bytes32 slot,
        uint256 price
    ) private {
        if (!REGISTRY.isActive(chainId, REGISTRY.rollup(chainId).incarnation)) revert RequestsUnknownRollup(chainId);
        if (price == 0) revert RequestsNotOffered(chainId);
        if (_requests[id].madeAt != 0) revert RequestsAlreadyOpen(id);
        uint256 paid = price * MILLIONTH;
        _held += paid * UNIT;
        // The one call before an effect: who paid is its answer. It enters nobody's code but the protocol's.
        address payer = FEES.spendCredit(msg.sender, paid * UNIT);
        // Below 2^32 · 1,000.
        _requests[id] = Request(payer, uint40(block.timestamp), uint48(paid));
        emit StateRequested(id, chainId, anchorIndex, account, slot, payer, paid);
    }

    /// @dev Ends an open request and books its parts but one.
    /// @return reward the answerer's part, in wei
    function _close(bytes32 id, uint256 chainId) private returns (uint256 reward) {
        Request memory open = _requests[id];
        if (open.madeAt == 0) revert RequestsNotOpen(id);
        delete _requests[id];
        IMetalayerGateway.Prices memory prices = GATEWAY.outLane(chainId).prices;
        (uint256 toFund, uint256 forGood, uint256 net) = FeeMath.split(open.paid, prices.fundShare, prices.burnShare);
        uint256 toGuardians;
        (toGuardians, reward, , ) = FeeMath.settle(net, 0, net, GATEWAY.inLane(chainId).guardianShare);
        reward *= UNIT;
        Due storage parts = _due;
        // All of it was held, hence below the supply of 10^27.
        parts.fund += uint128(toFund * UNIT);
        parts.burn += uint128(forGood * UNIT);
        parts.guardians += toGuardians * UNIT;
        _held -= reward;
    }

    function _currentId(
        uint256 chainId,
        uint64 anchorIndex,
        address account,
        bytes32 slot
    ) private view returns (bytes32) {
        return _id(chainId, REGISTRY.rollup(chainId).incarnation, anchorIndex, account, slot);
    }

    function _id(
        uint256 chainId,
        uint256 incarnation,
        uint64 anchorIndex,
        address account,
        bytes32 slot
    ) private pure returns (bytes32) {
        return keccak256(abi.encode(chainId, incarnation, anchorIndex, account, slot));
    }
}
